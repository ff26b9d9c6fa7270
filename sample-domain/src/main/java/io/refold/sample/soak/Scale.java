package io.refold.sample.soak;

import static io.refold.sample.bench.Ledger.LEDGERS;

import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.Awaited;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.redis.RedisProjectionStore;
import io.refold.sample.bench.Balances;
import io.refold.sample.bench.Ledger.Entry;
import io.refold.sample.bench.Load;
import io.refold.sample.bench.ServerStats;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * What it costs the server to have more partitions, aggregates, projections or workers: one of them
 * is varied, the others stay as in the first line. Takes about five minutes.
 */
public final class Scale {
  private static final int EVENTS = 50_000;
  private static final int THREADS = 64;
  private static final double IDLE_SECONDS = 5;
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final Setting BASE = new Setting(16, 10_000, 1, 1);

  private final EmbeddedRedis redis;
  private final ServerStats server;
  private final PrintStream out;
  private int runs;

  /** Processor time of the server and bytes for its replicas, per event. Not thread-safe. */
  private static final class Cost {
    private final ServerStats server;
    private double micros;
    private double bytes;

    Cost(ServerStats server) {
      this.server = server;
      micros = server.cpu().micros();
      bytes = server.fileBytes();
    }

    void end(long events) {
      micros = (server.cpu().micros() - micros) / events;
      bytes = (server.fileBytes() - bytes) / events;
    }
  }

  private record Setting(int partitions, int aggregates, int projections, int workers) {}

  /**
   * Prepares the measurement.
   *
   * @param redis an empty server
   * @param out takes a line for each setting
   */
  public Scale(EmbeddedRedis redis, PrintStream out) {
    this.redis = redis;
    this.server = new ServerStats(redis);
    this.out = out;
  }

  /** Measures all settings, after a warm-up that is thrown away. */
  public void run() {
    measure(BASE, false);
    out.println(
        "partitions aggregates projections workers us/append B/append us/projected-event"
            + " B/projected-event idle-commands/s");
    measure(BASE, true);
    for (int partitions : List.of(1, 4, 64)) {
      measure(new Setting(partitions, BASE.aggregates, 1, 1), true);
    }
    for (int aggregates : List.of(1_000, 100_000, 1_000_000)) {
      measure(new Setting(BASE.partitions, aggregates, 1, 1), true);
    }
    for (int projections : List.of(2, 4, 8)) {
      measure(new Setting(BASE.partitions, BASE.aggregates, projections, 1), true);
    }
    for (int workers : List.of(2, 4, 8)) {
      measure(new Setting(BASE.partitions, BASE.aggregates, 1, workers), true);
    }
  }

  private void measure(Setting setting, boolean told) {
    String namespace = "scale-" + ++runs;
    try (var store =
            RedisEventStore.to(redis.url())
                .namespace(namespace)
                .partitions(setting.partitions)
                .open();
        var projections = RedisProjectionStore.on(store)) {
      append(store, setting.aggregates, setting.aggregates);
      var appends = new Cost(server);
      append(store, EVENTS, setting.aggregates);
      appends.end(EVENTS);
      var models =
          IntStream.range(0, setting.projections).mapToObj(n -> new Balances("b" + n)).toList();
      var workers = new ArrayList<ProjectionWorkers>();
      var each = new Cost(server);
      try {
        for (int i = 0; i < setting.workers; i++) {
          var builder = ProjectionWorkers.on(projections);
          models.forEach(builder::add);
          workers.add(builder.start());
        }
        models.forEach(model -> awaitAll(store, projections, model));
        long projected = (long) (EVENTS + setting.aggregates) * setting.projections;
        each.end(projected);
        double idle = idle();
        if (told) {
          out.printf(
              Locale.ROOT,
              "%d %d %d %d %.1f %.0f %.1f %.0f %.1f%n",
              setting.partitions,
              setting.aggregates,
              setting.projections,
              setting.workers,
              appends.micros,
              appends.bytes,
              each.micros,
              each.bytes,
              idle);
        }
      } finally {
        workers.forEach(ProjectionWorkers::close);
      }
    }
  }

  private static void append(RedisEventStore store, int events, int aggregates) {
    Load.perSecond(
        THREADS,
        events,
        n -> {
          var append =
              Append.of(LEDGERS, "s" + n % aggregates, ExpectedVersion.any(), List.of(Entry.of(n)));
          if (!(store.append(append) instanceof AppendResult.Appended)) {
            throw new IllegalStateException("an append has failed");
          }
        });
  }

  private static void awaitAll(
      RedisEventStore store, RedisProjectionStore projections, Balances model) {
    for (int partition = 0; partition < store.partitions(); partition++) {
      Awaited awaited =
          projections.readModel(model).await(store.head(partition).position(), PATIENCE);
      if (awaited != Awaited.APPLIED) {
        throw new IllegalStateException("partition %d: %s".formatted(partition, awaited));
      }
    }
  }

  /** Returns how many commands the server executes in a second when there is nothing to do. */
  private double idle() {
    long before = server.commands();
    long start = System.nanoTime();
    while (Load.seconds(start) < IDLE_SECONDS) {
      LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
    }
    return (server.commands() - before) / Load.seconds(start);
  }
}
