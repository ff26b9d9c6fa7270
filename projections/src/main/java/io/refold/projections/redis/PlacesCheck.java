package io.refold.projections.redis;

import io.refold.eventstore.redis.Check;
import io.refold.eventstore.redis.Examination;
import io.refold.eventstore.redis.Illness;
import io.refold.eventstore.redis.Severity;
import io.refold.projections.store.Generation;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** How far each generation is in each partition: behind nothing that is lost, and going on. */
final class PlacesCheck implements Check {
  static final Illness AHEAD =
      new Illness(
          Severity.LOSS,
          "checkpoint-ahead",
          "the log has lost what was applied, or has another history since",
          "restore the partition from a copy that has it, or rebuild the projection");
  static final Illness LOST =
      new Illness(
          Severity.LOSS,
          "projection-lost-history",
          "nothing more is applied there",
          "rebuild the projection; a reaction is started anew");
  static final Illness HALTED =
      new Illness(
          Severity.HALT,
          "projection-halted",
          "nothing more is applied there",
          "mend what is named, then start the workers again");
  static final Illness FENCE =
      new Illness(
          Severity.HALT,
          "fence-left",
          "nobody may take the partition over, so nothing more is applied there",
          "start workers of this projection, which sweep it, or rebuild it");
  static final Illness STALE =
      new Illness(
          Severity.HALT,
          "lease-stale",
          "nobody works on these partitions, so reads there get older and older",
          "start workers of this projection");
  static final Illness PARKED =
      new Illness(
          Severity.HALT,
          "parked",
          "these events, and what follows them in their streams, are not applied",
          "mend what fails, then retry them; or drop them on record");

  private static final long STALE_AFTER = 60_000_000;
  private static final int EXAMPLES = 3;

  @Override
  public String subject() {
    return "projections";
  }

  @Override
  public List<Illness> illnesses() {
    return List.of(AHEAD, LOST, HALTED, FENCE, STALE, PARKED);
  }

  @Override
  public void examine(Examination on) {
    Registry registry = Registry.read(on);
    for (String projection : registry.projections()) {
      for (Generation generation : registry.worked(projection)) {
        new Places(on, registry, generation).look();
      }
    }
  }

  /** One generation's places in all partitions. */
  private static final class Places {
    private final Examination on;
    private final Registry registry;
    private final Generation generation;
    private final ProjectionKeys keys;
    private final List<String> stale = new ArrayList<>();
    private final List<String> parked = new ArrayList<>();
    private long parkedSince = Long.MAX_VALUE;
    private String parkedError = "";

    Places(Examination on, Registry registry, Generation generation) {
      this.on = on;
      this.registry = registry;
      this.generation = generation;
      this.keys = ProjectionKeys.of(on);
    }

    void look() {
      for (int p = 0; p < on.partitions(); p++) {
        place(p);
        lease(p);
        parked(p);
      }
      heads();
      if (!stale.isEmpty()) {
        on.report(
            STALE.found(
                "%s has %d partitions whose owners are gone: %s",
                generation, stale.size(), some(stale)));
      }
      if (!parked.isEmpty()) {
        on.report(
            PARKED.found(
                "%s has %d, since %s: %s; %s",
                generation,
                parked.size(),
                Instant.EPOCH.plus(parkedSince, ChronoUnit.MICROS),
                some(parked),
                parkedError));
      }
    }

    private static String some(List<String> all) {
      return String.join(", ", all.subList(0, Math.min(EXAMPLES, all.size())));
    }

    private void place(int partition) {
      Map<String, String> at = on.hash(keys.at(partition, generation));
      at.forEach((field, id) -> {
        if (field.equals("settled") || field.startsWith("shard:")) {
          behindNothing(partition, field, id);
        }
      });
      String problem = at.getOrDefault("problem", "");
      if (problem.startsWith("lost: ")) {
        on.report(LOST.found("%s in partition %d: %s", generation, partition, problem));
      } else if (problem.startsWith("halted: ")) {
        on.report(HALTED.found("%s in partition %d: %s", generation, partition, problem));
      }
    }

    /** The log only grows, so what was there when the place was read still is. */
    private void behindNothing(int partition, String what, String id) {
      if (!id.equals("0-0") && !on.holds(keys.log(partition), id)) {
        on.report(
            AHEAD.found(
                "%s of %s in partition %d is %s, which the log does not hold; it ends with %s",
                what, generation, partition, id, on.newest(keys.log(partition))));
      }
    }

    private void lease(int partition) {
      String key = keys.lease(partition, generation);
      Map<String, String> lease = on.hash(key);
      String fenced = lease.getOrDefault("fenced", "");
      if (!fenced.isEmpty()) {
        Registry now = Registry.read(on);
        String fresh =
            now.fresh(generation.projection())
                .map(under -> String.valueOf(under.generation().number()))
                .orElse("");
        if (!fresh.equals(fenced)
            && now.worked(generation.projection()).contains(generation)
            && on.hash(key).getOrDefault("fenced", "").equals(fenced)) {
          on.report(
              FENCE.found(
                  "%s in partition %d is held for generation %s, which is not under way",
                  generation, partition, fenced));
        }
      } else if (!lease.getOrDefault("owner", "").isEmpty()
          && Long.parseLong(lease.getOrDefault("expires", "0")) + STALE_AFTER < on.micros(key)) {
        stale.add("%d (%s)".formatted(partition, lease.get("owner")));
      }
    }

    /** A parked stream is {@code p:}, a single event {@code e:}, what is asked for {@code r:}. */
    private void parked(int partition) {
      on.hash(keys.parked(partition, generation))
          .forEach((field, value) -> {
            if (!field.startsWith("r:")) {
              String[] parts = value.split(" ", 4);
              boolean stream = field.startsWith("p:");
              parked.add((stream ? parts[0] + " of " : "") + field.substring(2));
              long since = Long.parseLong(parts[stream ? 2 : 1]);
              if (since < parkedSince) {
                parkedSince = since;
                parkedError = value;
              }
            }
          });
    }

    private void heads() {
      for (int shard = 0; shard < registry.shards(generation); shard++) {
        int number = shard;
        on.hash(keys.head(generation, shard))
            .forEach((field, id) -> {
              if (field.matches("c\\d+")) {
                behindNothing(
                    Integer.parseInt(field, 1, field.length(), 10),
                    "the checkpoint of shard " + number,
                    id);
              }
            });
      }
    }
  }
}
