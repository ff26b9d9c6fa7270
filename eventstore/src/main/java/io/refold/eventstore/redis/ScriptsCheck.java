package io.refold.eventstore.redis;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Whether our scripts are there, and do not hold the server up. */
final class ScriptsCheck implements Check {
  static final Illness NOT_LOADED =
      new Illness(
          Severity.ADVICE,
          "scripts-not-loaded",
          "nobody has appended with this release since the server was started or emptied its cache",
          "nothing: the next append loads it; see that all programs have the same release");
  static final Illness SLOW =
      new Illness(
          Severity.SLOW,
          "slow-scripts",
          "while a script runs, the server does nothing else",
          "smaller appends and batches, faster or less busy machines; see the slow log");
  static final Illness THRESHOLD =
      new Illness(
          Severity.HALT,
          "script-time-limit",
          "calls are answered BUSY while a script of ours still does its work",
          "CONFIG SET busy-reply-threshold 5000 (lua-time-limit is its older name)");

  private static final RedisScript APPEND =
      RedisScript.load(RedisEventStore.class, "append.lua", "exact.lua", "stream.lua");
  private static final List<RedisScript> OURS =
      List.of(APPEND, RedisScript.load(RedisEventStore.class, "mark.lua", "stream.lua"));
  private static final long SLOW_MICROS = 100_000;
  private static final long SHORT_MILLIS = 1_000;
  private static final int ENTRIES = 128;

  @Override
  public String subject() {
    return "scripts";
  }

  @Override
  public List<Illness> illnesses() {
    return List.of(NOT_LOADED, SLOW, THRESHOLD);
  }

  @Override
  public void examine(Examination on) {
    on.each(
        on.nodes().masters(),
        this,
        node -> {
          limit(node, on);
          slow(node, on);
        });
    loaded(on);
  }

  private static void limit(ServerNode node, Examination on) {
    String limit = node.setting("lua-time-limit");
    if (!limit.isEmpty() && Long.parseLong(limit) > 0 && Long.parseLong(limit) < SHORT_MILLIS) {
      on.report(THRESHOLD.found("lua-time-limit of %s is %s ms", node.name(), limit));
    }
  }

  /** An entry is: number, seconds since 1970, microseconds it took, the command's words … */
  private static void slow(ServerNode node, Examination on) {
    Map<String, List<Long>> slow = new TreeMap<>();
    for (Object entry : ReadCommands.list(node.call("SLOWLOG", "GET", ENTRIES))) {
      List<?> parts = ReadCommands.list(entry);
      List<String> words =
          ReadCommands.list(parts.get(3)).stream().map(ReadCommands::text).toList();
      long micros = (Long) parts.get(2);
      if (micros >= SLOW_MICROS && isOurs(words, on.namespace())) {
        slow.computeIfAbsent(name(words.get(1)), none -> new ArrayList<>()).add(micros);
      }
    }
    slow.forEach((name, micros) ->
        on.report(
            SLOW.found(
                "%s held %s up for up to %,d ms (%d times in the slow log)",
                name, node.name(), Collections.max(micros) / 1_000, micros.size())));
  }

  private static boolean isOurs(List<String> words, String namespace) {
    return words.size() > 3
        && words.getFirst().toLowerCase(Locale.ROOT).startsWith("eval")
        && (words.get(3).startsWith("{" + namespace + ":")
            || words.get(3).startsWith(namespace + ":"));
  }

  /** Long words are cut off in the slow log. */
  private static String name(String shaOrSource) {
    String start = shaOrSource.substring(0, Math.min(12, shaOrSource.length()));
    return OURS.stream()
        .filter(script -> script.sha().startsWith(start) || script.source().startsWith(start))
        .map(RedisScript::name)
        .findFirst()
        .orElse("script " + start.replaceAll("\\s+", " "));
  }

  /** Where a partition has a log, its server has run the script that appends. */
  private static void loaded(Examination on) {
    for (int p = 0; p < on.partitions(); p++) {
      String log = on.layout().keys().log(p);
      if (on.exists(log)) {
        List<?> loaded = ReadCommands.list(on.call(log, "SCRIPT", "EXISTS", APPEND.sha()));
        if (!Long.valueOf(1).equals(loaded.getFirst())) {
          on.report(NOT_LOADED.found("append.lua is not loaded where partition %d lies", p));
          return;
        }
      }
    }
  }
}
