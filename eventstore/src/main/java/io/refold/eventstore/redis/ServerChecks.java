package io.refold.eventstore.redis;

import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Checks of one server at a time, by its settings: masters and replicas, which may replace them.
 */
final class ServerChecks {
  static final Illness EVICTION =
      new Illness(
          Severity.LOSS,
          "eviction",
          "when memory is short the server deletes history, and no store opens here",
          "CONFIG SET maxmemory-policy noeviction, and in its configuration file");
  static final Illness NO_APPEND_ONLY_FILE =
      new Illness(
          Severity.LOSS,
          "no-append-only-file",
          "a restart loses everything since the last snapshot on disk, or all, and its replicas'"
              + " copies too, if it is back before one is promoted; fsync is refused",
          "CONFIG SET appendonly yes, and in its configuration file");
  static final Illness UNSYNCED =
      new Illness(
          Severity.LOSS,
          "append-only-file-not-synced",
          "a crash of the machine loses what its kernel had not yet written, often 30 seconds;"
              + " fsync is seldom reached in time",
          "CONFIG SET appendfsync everysec (loses a second or two) or always");
  static final Illness SYNCED_LATE =
      new Illness(
          Severity.ADVICE,
          "append-only-file-synced-late",
          "a crash of the machine loses its last second or two, but for what fsync has confirmed",
          "append with fsync where that matters, or CONFIG SET appendfsync always");
  static final Illness FILE_FAILS =
      new Illness(
          Severity.LOSS,
          "append-only-file-fails",
          "what is acknowledged is not on disk, or the file grows until the disk is full",
          "look for a full disk or missing rights in the server's log");
  static final Illness SNAPSHOT_FAILS =
      new Illness(
          Severity.HALT,
          "snapshot-fails",
          "there is no new snapshot on disk, and while points for saving are set no write is taken",
          "look for a full disk or too little memory for a second process in the server's log");
  static final Illness OLD =
      new Illness(
          Severity.HALT,
          "server-too-old",
          "no store opens here",
          "use Redis 7.0 or Valkey 7.2, or newer");
  static final Illness NO_WAITAOF =
      new Illness(
          Severity.ADVICE,
          "no-waitaof",
          "an append cannot wait until it is on disk",
          "use Redis 7.2 or Valkey 7.2, or newer, or appendfsync always");
  static final Illness LARGE_NODES =
      new Illness(
          Severity.SLOW,
          "large-stream-nodes",
          "every small stream takes this much memory at least: at ten events a fifth too much",
          "CONFIG SET stream-node-max-bytes 1024, and in its configuration file");
  static final Illness IDLE_CUT =
      new Illness(
          Severity.SLOW,
          "idle-clients-cut",
          "connections that rest are closed under the clients, which then read kept states anew",
          "CONFIG SET timeout 0");
  static final Illness NO_KEEPALIVE =
      new Illness(
          Severity.ADVICE,
          "no-keepalive",
          "connections of clients that are gone stay for good",
          "CONFIG SET tcp-keepalive 300");
  static final Illness REPLICA_BUFFER =
      new Illness(
          Severity.HALT,
          "small-replica-buffer",
          "a replica that falls behind, or is filled anew, is cut off again and again",
          "CONFIG SET client-output-buffer-limit 'replica 256mb 64mb 60', or more");

  private static final int OLDEST = 7_000;
  private static final long NODE_BYTES = 1_024;
  private static final long IDLE_SECONDS = 60;
  private static final long BUFFER_HARD = 256L << 20;
  private static final long BUFFER_SOFT = 64L << 20;

  private ServerChecks() {}

  private record EachServer(
      String subject, List<Illness> illnesses, BiConsumer<ServerNode, Consumer<Finding>> look)
      implements Check {
    @Override
    public void examine(Examination on) {
      on.each(on.nodes().all(), this, node -> look.accept(node, on::report));
    }
  }

  static Check eviction() {
    return new EachServer("eviction", List.of(EVICTION), ServerChecks::eviction);
  }

  static void eviction(ServerNode node, Consumer<Finding> report) {
    String policy = node.fact("maxmemory_policy");
    if (!policy.isEmpty() && !policy.equals("noeviction")) {
      report.accept(EVICTION.found("maxmemory-policy of %s is %s", node.name(), policy));
    }
  }

  static Check persistence() {
    return new EachServer(
        "persistence",
        List.of(NO_APPEND_ONLY_FILE, UNSYNCED, SYNCED_LATE, FILE_FAILS, SNAPSHOT_FAILS),
        ServerChecks::persistence);
  }

  static void persistence(ServerNode node, Consumer<Finding> report) {
    if (node.fact("rdb_last_bgsave_status").equals("err")) {
      report.accept(SNAPSHOT_FAILS.found("the last BGSAVE of %s has failed", node.name()));
    }
    if (!node.appendsToFile()) {
      report.accept(
          NO_APPEND_ONLY_FILE.found(
              "appendonly of %s is no; %s changes since the last snapshot",
              node.name(), node.fact("rdb_changes_since_last_save")));
      return;
    }
    for (String status : List.of("aof_last_write_status", "aof_last_bgrewrite_status")) {
      if (node.fact(status).equals("err")) {
        report.accept(FILE_FAILS.found("%s of %s is err", status, node.name()));
      }
    }
    String sync = node.setting("appendfsync");
    if (sync.equals("no")) {
      report.accept(UNSYNCED.found("appendfsync of %s is no", node.name()));
    } else if (sync.equals("everysec")) {
      report.accept(SYNCED_LATE.found("appendfsync of %s is everysec", node.name()));
    }
  }

  static Check version() {
    return new EachServer("the version", List.of(OLD, NO_WAITAOF), ServerChecks::version);
  }

  private static void version(ServerNode node, Consumer<Finding> report) {
    age(node, report);
    if (!isOld(node) && !node.hasWaitaof() && !node.setting("appendfsync").equals("always")) {
      report.accept(
          NO_WAITAOF.found(
              "the version of %s is %s, which has no WAITAOF, and appendfsync is %s",
              node.name(), node.version(), node.setting("appendfsync")));
    }
  }

  static void age(ServerNode node, Consumer<Finding> report) {
    if (isOld(node)) {
      report.accept(OLD.found("the version of %s is %s", node.name(), node.version()));
    }
  }

  private static boolean isOld(ServerNode node) {
    return !node.isAtLeast(OLDEST);
  }

  static Check streamNodes() {
    return new EachServer(
        "the size of stream nodes",
        List.of(LARGE_NODES),
        (node, report) -> {
          String bytes = node.setting("stream-node-max-bytes");
          if (!bytes.isEmpty() && (bytes.equals("0") || Long.parseLong(bytes) > NODE_BYTES)) {
            report.accept(
                LARGE_NODES.found("stream-node-max-bytes of %s is %s", node.name(), bytes));
          }
        });
  }

  static Check connections() {
    return new EachServer(
        "limits of connections",
        List.of(IDLE_CUT, NO_KEEPALIVE, REPLICA_BUFFER),
        ServerChecks::connections);
  }

  private static void connections(ServerNode node, Consumer<Finding> report) {
    long timeout = node.settingNumber("timeout");
    if (timeout > 0 && timeout < IDLE_SECONDS) {
      report.accept(IDLE_CUT.found("timeout of %s is %d seconds", node.name(), timeout));
    }
    if (node.setting("tcp-keepalive").equals("0")) {
      report.accept(NO_KEEPALIVE.found("tcp-keepalive of %s is 0", node.name()));
    }
    String[] limits = node.setting("client-output-buffer-limit").split("\\s+", -1);
    for (int i = 0; i + 3 < limits.length; i += 4) {
      boolean replicas = limits[i].equals("slave") || limits[i].equals("replica");
      if (replicas && (below(limits[i + 1], BUFFER_HARD) || below(limits[i + 2], BUFFER_SOFT))) {
        report.accept(
            REPLICA_BUFFER.found(
                "client-output-buffer-limit of %s for replicas is %s bytes, or %s for %s seconds",
                node.name(), limits[i + 1], limits[i + 2], limits[i + 3]));
      }
    }
  }

  /** 0 is no limit. */
  private static boolean below(String bytes, long enough) {
    long limit = Long.parseLong(bytes);
    return limit > 0 && limit < enough;
  }
}
