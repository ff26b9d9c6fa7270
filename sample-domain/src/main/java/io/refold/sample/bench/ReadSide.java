package io.refold.sample.bench;

import static io.refold.sample.bench.Ledger.LEDGERS;

import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.Awaited;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.ReadModel;
import io.refold.projections.redis.RedisProjectionStore;
import io.refold.sample.bench.Ledger.Balance;
import io.refold.sample.bench.Ledger.Entry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** Replay, rebuild, and how long an append takes to be seen. */
public final class ReadSide {
  private static final int PAGE = 1_000;
  private static final int EVENTS_PER_SECOND = 1_000;
  private static final long LAG_SECONDS = 10;
  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final EmbeddedRedis redis;
  private final long events;
  private final Figures figures;
  private final ServerStats server;

  /**
   * Prepares the measurements.
   *
   * @param redis an empty server
   * @param events how many events the history has
   * @param figures takes the results
   */
  public ReadSide(EmbeddedRedis redis, long events, Figures figures) {
    this.redis = redis;
    this.events = events;
    this.figures = figures;
    this.server = new ServerStats(redis);
  }

  /** Writes a history, then measures; each measurement runs once before to warm up. */
  public void measure() {
    try (var store = RedisEventStore.to(redis.url()).namespace("read").open();
        var projections = RedisProjectionStore.on(store)) {
      WriteSide.appends(store, "s", 64, events);
      replay(store);
      ServerStats.Work before = server.of("xrange");
      double rate = replay(store);
      double ceiling = server.of("xrange").minus(before).ceiling(events);
      figures.print("replay", rate, "events/s");
      figures.print("ceiling.read", ceiling, "events/s");
      figures.print("ratio.replay", rate / ceiling, "of-ceiling");

      var balances = new Balances("balances");
      try (var workers = ProjectionWorkers.on(projections).add(balances).start()) {
        ReadModel<Balance> rows = projections.readModel(balances);
        awaitHeads(store, rows);
        long start = System.nanoTime();
        rebuild(workers, balances);
        figures.print("rebuild", events / Load.seconds(start), "events/s");
        lag("lag", store, List.of(rows));
      }
      eight(store, projections);
    }
  }

  private void eight(EventStore store, RedisProjectionStore projections) {
    var builder = ProjectionWorkers.on(projections);
    var rows = new ArrayList<ReadModel<Balance>>();
    for (int i = 1; i <= 8; i++) {
      var balances = new Balances("balances-" + i);
      builder.add(balances);
      rows.add(projections.readModel(balances));
    }
    ProjectionWorkers workers = builder.start();
    try {
      rows.forEach(each -> awaitHeads(store, each));
      lag("lag8", store, rows);
    } finally {
      workers.close();
    }
  }

  /** Measures once to warm up, and once again. */
  private void lag(String name, EventStore store, List<ReadModel<Balance>> rows) {
    lag(store, rows, new ConcurrentHistogram(3));
    var lag = new ConcurrentHistogram(3);
    ServerStats.Cpu before = server.cpu();
    lag(store, rows, lag);
    double micros = server.cpu().minus(before).micros();
    figures.print(name + ".p50", millis(lag, 50), "ms");
    figures.print(name + ".p99", millis(lag, 99), "ms");
    long projected = LAG_SECONDS * EVENTS_PER_SECOND * rows.size();
    figures.print(name + ".server", micros / projected, "us/projected-event");
  }

  private static void rebuild(ProjectionWorkers workers, Balances balances) {
    try {
      workers.rebuild(balances).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** Reads the whole history in log order into typed events; returns events per second. */
  private double replay(EventStore store) {
    var read = new AtomicLong();
    long start = System.nanoTime();
    Load.perSecond(
        Math.min(4, store.partitions()),
        store.partitions(),
        partition -> read.addAndGet(replay(store, (int) partition)));
    if (read.get() != events) {
      throw new IllegalStateException(
          "replay has read %d of %d events".formatted(read.get(), events));
    }
    return events / Load.seconds(start);
  }

  private static long replay(EventStore store, int partition) {
    long read = 0;
    long after = 0;
    List<LogEntry> page;
    do {
      page = store.readLog(partition, after, PAGE);
      for (StoredEvent stored : store.fetch(page, "ledger"::equals)) {
        read += LEDGERS.read(stored).size();
      }
      after = page.isEmpty() ? after : page.getLast().position().sequence();
    } while (page.size() == PAGE);
    return read;
  }

  private static void awaitHeads(EventStore store, ReadModel<Balance> rows) {
    for (int partition = 0; partition < store.partitions(); partition++) {
      applied(rows, store.head(partition).position());
    }
  }

  private static void applied(ReadModel<Balance> rows, Position position) {
    Awaited awaited = rows.await(position, PATIENCE);
    if (awaited != Awaited.APPLIED) {
      throw new IllegalStateException("%s: %s".formatted(position, awaited));
    }
  }

  /**
   * Appends at a steady rate; each append is awaited in one of the read models, in turn, and timed
   * from its call.
   */
  private static void lag(EventStore store, List<ReadModel<Balance>> rows, Histogram micros) {
    long interval = 1_000_000_000L / EVENTS_PER_SECOND;
    long start = System.nanoTime();
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (long n = 0; n < LAG_SECONDS * EVENTS_PER_SECOND; n++) {
        long due = start + n * interval;
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
          LockSupport.parkNanos(left);
        }
        String id = "lag" + n % PAGE;
        ReadModel<Balance> seen = rows.get((int) (n % rows.size()));
        var unused =
            executor.submit(() -> {
              long called = System.nanoTime();
              var append = Append.of(LEDGERS, id, ExpectedVersion.any(), List.of(Entry.of(1)));
              if (store.append(append) instanceof AppendResult.Appended appended) {
                applied(seen, appended.position());
                micros.recordValue((System.nanoTime() - called) / 1_000);
              }
            });
      }
    }
    if (micros.getTotalCount() != LAG_SECONDS * EVENTS_PER_SECOND) {
      throw new IllegalStateException(
          "only %d appends were seen".formatted(micros.getTotalCount()));
    }
  }

  private static double millis(Histogram micros, double percentile) {
    return micros.getValueAtPercentile(percentile) / 1e3;
  }
}
