package io.refold.sample.bench;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.Projection;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.Rebuild;
import io.refold.projections.RebuildProgress;
import io.refold.projections.redis.RedisProjectionStore;
import io.refold.sample.generator.FineGenerator;
import io.refold.sample.load.FineImport;
import io.refold.sample.load.FineSource;
import io.refold.sample.views.FineFiles;
import io.refold.sample.views.MonthlyTakings;
import io.refold.sample.xes.FineLog;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Rebuilds of the sample's read models over the fines of a log, or as many that are made up: each
 * by itself, both in a single pass, and beside them a bare client that reads the same streams.
 */
public final class FineSide {
  private static final int FINES = 150_370;
  private static final int SEED = 2_026;
  private static final int TIMES = 3;
  private static final long POLL_NANOS = 20_000_000;
  private static final double IDLE_SECONDS = 10;

  private final EmbeddedRedis redis;
  private final Optional<Path> log;
  private final Figures figures;
  private final ServerStats server;
  private final FineFiles fineFiles = new FineFiles();
  private final MonthlyTakings monthlyTakings = new MonthlyTakings();

  /**
   * Prepares the measurements.
   *
   * @param redis an empty server
   * @param log the log of fines; empty: as many are made up
   * @param figures takes the results
   */
  public FineSide(EmbeddedRedis redis, Optional<Path> log, Figures figures) {
    this.redis = redis;
    this.log = log;
    this.figures = figures;
    this.server = new ServerStats(redis);
  }

  /** Imports the fines, then measures; of each rebuild, the median of three. */
  public void measure() {
    try (var store = RedisEventStore.to(redis.url()).namespace("fines").open();
        var projections = RedisProjectionStore.on(store)) {
      FineSource source =
          log.<FineSource>map(FineLog::new).orElseGet(() -> new FineGenerator(SEED, FINES));
      new FineImport(store).run(source, imported -> {});
      var bare = new BareReader(redis.port(), store);
      try (var workers =
          ProjectionWorkers.on(projections).add(fineFiles).add(monthlyTakings).start()) {
        awaitCaughtUp(projections);
        idle(store.partitions());
        double[] ceilings = new double[TIMES];
        double[] keyed = new double[TIMES];
        double[] shared = new double[TIMES];
        double[] both = new double[TIMES];
        ServerStats.Cpu used = new ServerStats.Cpu(0);
        rebuild(workers, List.of(fineFiles, monthlyTakings));
        for (int i = 0; i < TIMES; i++) {
          ceilings[i] = bare.eventsPerSecond();
          ServerStats.Cpu before = server.cpu();
          keyed[i] = perSecond(bare, rebuild(workers, List.of(fineFiles)));
          used = used.plus(server.cpu().minus(before));
          shared[i] = perSecond(bare, rebuild(workers, List.of(monthlyTakings)));
          both[i] = perSecond(bare, rebuild(workers, List.of(fineFiles, monthlyTakings)));
        }
        figures.print("rebuild.events", (double) bare.events(), "events");
        figures.print("ceiling.rebuild", Figures.median(ceilings), "events/s");
        figures.print("rebuild.keyed", Figures.median(keyed), "events/s");
        figures.print(
            "ratio.rebuild.keyed", Figures.median(keyed) / Figures.median(ceilings), "of-ceiling");
        figures.print("rebuild.shared", Figures.median(shared), "events/s");
        figures.print("rebuild.both", Figures.median(both), "events/s");
        figures.print(
            "rebuild.keyed.server", used.micros() / (TIMES * (double) bare.events()), "us/event");
      }
    }
  }

  private static double perSecond(BareReader bare, double seconds) {
    return bare.events() / seconds;
  }

  /** Workers with nothing to do. */
  private void idle(int partitions) {
    long before = server.commands();
    long sentBefore = sent();
    long start = System.nanoTime();
    while (Load.seconds(start) < IDLE_SECONDS) {
      LockSupport.parkNanos(POLL_NANOS);
    }
    double seconds = Load.seconds(start) * partitions;
    figures.print("idle", (sent() - sentBefore) / seconds, "commands/s-per-partition");
    figures.print(
        "idle.executed", (server.commands() - before) / seconds, "commands/s-per-partition");
  }

  /** Returns how many of the commands have been sent that idle workers send. */
  private long sent() {
    return Stream.of("evalsha", "eval", "xread", "ping")
        .mapToLong(command -> server.of(command).calls())
        .sum();
  }

  private void awaitCaughtUp(ProjectionStore store) {
    for (Projection<?> projection : List.of(fineFiles, monthlyTakings)) {
      while (!store.status(projection).caughtUp()) {
        LockSupport.parkNanos(POLL_NANOS);
      }
    }
  }

  /** Returns how many seconds it took. */
  private static double rebuild(ProjectionWorkers workers, List<Projection<?>> projections) {
    long start = System.nanoTime();
    try {
      List<String> names = projections.stream().<String>map(Projection::name).toList();
      for (Rebuild rebuild : workers.rebuild(names)) {
        if (rebuild.await().state() != RebuildProgress.State.DONE) {
          throw new IllegalStateException("a rebuild of the benchmark was cancelled");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
    return Load.seconds(start);
  }
}
