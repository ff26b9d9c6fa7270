package io.refold.eventstore.redis;

import java.util.LinkedHashMap;
import java.util.Map;

/** What to do about what a server says instead of executing a call. */
final class Remedies {
  private static final Map<String, String> OF = new LinkedHashMap<>();

  static {
    OF.put(
        "OOM",
        "raise maxmemory, delete what nobody needs, or add masters; the doctor tells what fills the"
            + " server");
    OF.put(
        "CLUSTERDOWN",
        "the cluster has slots without a master: start that master again, or let a replica take its"
            + " place; CLUSTER SHARDS names it");
    OF.put("MASTERDOWN", "a replica was asked that has lost its master: bring that back");
    OF.put(
        "READONLY",
        "a replica was asked: try again if a failover is under way, else connect to the master");
    OF.put("LOADING", "the server reads its data after a start: try again when it is ready");
    OF.put(
        "MISCONF",
        "the server takes no writes while its disk fails: see its log, make room on its disk");
    OF.put(
        "NOREPLICAS",
        "the server takes no writes with fewer replicas than min-replicas-to-write: bring them"
            + " back");
    OF.put("NOSCRIPT", "the server has lost its scripts: try again, they are sent anew");
    OF.put("BUSY", "another script has run for long: try again; SLOWLOG GET names it");
    OF.put("TRYAGAIN", "a slot is being moved: try again when that is done");
    OF.put("MOVED", "a slot was moved: try again");
    OF.put("ERR max number of clients", "raise maxclients, or close connections nobody needs");
    OF.put(
        "WRONGTYPE",
        "a key of the namespace holds something that is not Refold's: use another namespace");
    OF.put("NOAUTH", "give this program the user and password of the server");
    OF.put("WRONGPASS", "give this program the user and password of the server");
    OF.put("NOPERM", permission());
    OF.put("user executing the script can't", permission());
  }

  private Remedies() {}

  private static String permission() {
    return "ACL LOG on the server names what is missing; grant the user of this connection the"
        + " whole line for its role (docs/guides/security.md)";
  }

  /**
   * Returns the way out.
   *
   * @param said what the server said, or what has become of the connection to it
   */
  static String of(String said) {
    return OF.entrySet().stream()
        .filter(known -> said.contains(known.getKey()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse("try again; if that fails too, see whether the server runs, and its log");
  }
}
