package io.refold.projections.redis;

import io.refold.eventstore.redis.Check;
import io.refold.eventstore.redis.Examination;
import io.refold.eventstore.redis.Illness;
import io.refold.eventstore.redis.Severity;
import io.refold.projections.store.Generation;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Whether there is anything of generations that nobody reads, fills or sweeps. */
final class GenerationsCheck implements Check {
  static final Illness UNSEEN =
      new Illness(
          Severity.ADVICE,
          "version-unseen",
          "its rows take memory, and while no worker of it runs they are not kept up to date",
          "start workers of this version, or of a higher one, which retire it");
  static final Illness ABANDONED =
      new Illness(
          Severity.HALT,
          "rebuild-abandoned",
          "it does not go on, and what it has filled takes memory",
          "start workers of this version, which take it over, or cancel it");
  static final Illness NOT_SWEPT =
      new Illness(
          Severity.SLOW,
          "generation-not-swept",
          "its rows, and its groups on the logs, still take memory",
          "start workers of this projection: they sweep it");
  static final Illness GROUP =
      new Illness(
          Severity.SLOW,
          "group-abandoned",
          "what was delivered to it and not acknowledged takes memory for good",
          "see whose it is; XGROUP DESTROY on the log of each partition if it is nobody's");
  static final Illness LEFT_OVER =
      new Illness(
          Severity.SLOW,
          "generation-left-over",
          "its keys take memory and nobody sweeps them any more",
          "delete these keys, after a look at who wrote them");

  private static final long MINUTE = 60_000_000;
  private static final long UNSEEN_FOR = 60 * MINUTE;
  private static final long SWEPT_WITHIN = 30 * MINUTE;
  private static final int NUMBERS = 100;
  private static final int EXAMPLES = 3;

  @Override
  public String subject() {
    return "generations";
  }

  @Override
  public List<Illness> illnesses() {
    return List.of(UNSEEN, ABANDONED, NOT_SWEPT, GROUP, LEFT_OVER);
  }

  @Override
  public void examine(Examination on) {
    Registry registry = Registry.read(on);
    long now = on.micros(Registry.views(on));
    for (String projection : registry.projections()) {
      registry.live(projection).stream()
          .filter(live -> live.seen() + UNSEEN_FOR < now)
          .forEach(live ->
              on.report(
                  UNSEEN.found(
                      "nobody of version %d of %s was seen for %,d minutes",
                      live.version(), projection, (now - live.seen()) / MINUTE)));
      registry
          .fresh(projection)
          .filter(fresh -> fresh.expires() + MINUTE < now)
          .ifPresent(fresh ->
              on.report(
                  ABANDONED.found(
                      "%s %s has lost its coordinator, %s",
                      fresh.purpose(), fresh.generation(), fresh.coordinator())));
      registry.gone(projection).stream()
          .filter(gone -> gone.since() + SWEPT_WITHIN < now)
          .forEach(gone ->
              on.report(
                  NOT_SWEPT.found(
                      "%s is to be swept since %,d minutes",
                      gone.generation(), (now - gone.since()) / MINUTE)));
    }
    groups(on, registry);
    leftOver(on, registry);
  }

  /** A generation that was made after the first look is in the second. */
  private static void groups(Examination on, Registry registry) {
    var found = new TreeMap<String, Integer>();
    for (int p = 0; p < on.partitions(); p++) {
      on.groups(on.partitionTag(p) + ":log").forEach(group -> found.merge(group, 1, Integer::sum));
    }
    Set<String> known = new HashSet<>();
    registry.known().forEach(generation -> known.add(generation.toString()));
    if (!known.containsAll(found.keySet())) {
      Registry.read(on).known().forEach(generation -> known.add(generation.toString()));
    }
    found.keySet().removeAll(known);
    found.forEach(
        (group, logs) -> on.report(GROUP.found("consumer group %s on %d logs", group, logs)));
  }

  /**
   * Numbers are given out once, so one that was forgotten stays so. Over how many shards its rows
   * were spread is forgotten with it: as many as those of any generation that is known.
   */
  private static void leftOver(Examination on, Registry registry) {
    Set<Generation> known = registry.known();
    for (String projection : registry.projections()) {
      int newest = registry.newest(projection);
      int shards =
          known.stream()
              .filter(generation -> generation.projection().equals(projection))
              .mapToInt(registry::shards)
              .reduce(RedisProjectionStore.DEFAULT_SHARDS, Math::max);
      for (int number = Math.max(1, newest - NUMBERS + 1); number <= newest; number++) {
        var generation = new Generation(projection, number);
        if (!known.contains(generation)) {
          leftOver(on, generation, shards);
        }
      }
    }
  }

  private static void leftOver(Examination on, Generation generation, int shards) {
    var keys = ProjectionKeys.of(on);
    var left = new TreeSet<String>();
    for (int p = 0; p < on.partitions(); p++) {
      keys.subscription(p, generation).stream().filter(on::exists).forEach(left::add);
    }
    for (int shard = 0; shard < shards; shard++) {
      keys.all(generation, shard, List.of()).stream().filter(on::exists).forEach(left::add);
    }
    if (!left.isEmpty()) {
      on.report(
          LEFT_OVER.found(
              "%d keys of %s, such as %s",
              left.size(), generation, String.join(", ", left.stream().limit(EXAMPLES).toList())));
    }
  }
}
