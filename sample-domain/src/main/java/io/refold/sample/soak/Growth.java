package io.refold.sample.soak;

import static io.refold.sample.bench.Ledger.LEDGERS;

import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Position;
import io.refold.eventstore.StateCache;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.Awaited;
import io.refold.projections.ProjectionStatus;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.ReadModel;
import io.refold.projections.redis.RedisProjectionStore;
import io.refold.sample.bench.Balances;
import io.refold.sample.bench.Ledger.Balance;
import io.refold.sample.bench.Ledger.Book;
import io.refold.sample.bench.Ledger.Entry;
import io.refold.sample.bench.Ledger.LedgerDecider;
import io.refold.sample.bench.Load;
import io.refold.sample.bench.ServerStats;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import org.HdrHistogram.Histogram;

/**
 * A history that grows, ten events of 200 bytes to an aggregate, and the latencies of single calls
 * at some of its sizes. 5 million events take about 2.2 GB and some minutes.
 */
public final class Growth {
  private static final List<Long> SIZES = List.of(10_000L, 100_000L, 1_000_000L, 5_000_000L);
  private static final int PER_AGGREGATE = 10;
  private static final int THREADS = 64;
  private static final int CALLS = 2_000;
  private static final double FLAT = 2;
  private static final double MIB = 1 << 20;
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final EmbeddedRedis redis;
  private final long most;
  private final PrintStream out;
  private final List<Medians> all = new ArrayList<>();
  private long written;

  /** The medians at one size. */
  private record Medians(double append, double command, double load, double lag) {
    boolean within(double times, Medians first) {
      return append <= times * first.append
          && command <= times * first.command
          && load <= times * first.load
          && lag <= times * first.lag;
    }
  }

  /**
   * Prepares the measurement.
   *
   * @param redis an empty server
   * @param most up to how many events it goes
   * @param out takes a line for each size
   * @throws IllegalArgumentException if there are no two sizes to compare
   */
  public Growth(EmbeddedRedis redis, long most, PrintStream out) {
    if (most < SIZES.get(1)) {
      throw new IllegalArgumentException(
          "a history grows to %d events or more, not %d".formatted(SIZES.get(1), most));
    }
    this.redis = redis;
    this.most = most;
    this.out = out;
  }

  /** Runs; returns whether the medians at the largest size are within twice those of the first. */
  public boolean run() {
    var balances = new Balances("balances");
    try (var store = RedisEventStore.to(redis.url()).namespace("growth").open();
        var projections = RedisProjectionStore.on(store);
        var workers = ProjectionWorkers.on(projections).add(balances).start()) {
      ReadModel<Balance> rows = projections.readModel(balances);
      out.println(
          "events MiB append.p50 append.p99 command.p50 command.p99 load.p50 load.p99 lag.p50"
              + " lag.p99 (ms)");
      for (long size : SIZES) {
        if (size <= most) {
          fill(store, size);
          for (int partition = 0; partition < store.partitions(); partition++) {
            applied(rows, store.head(partition).position());
          }
          measure(store, rows, size);
        }
      }
      boolean flat = all.getLast().within(FLAT, all.getFirst());
      long lag = workers.status().stream().mapToLong(ProjectionStatus::lag).sum();
      out.printf("grow events=%d lag=%d flat=%s%n", written, lag, flat);
      return flat && lag == 0;
    }
  }

  private void fill(RedisEventStore store, long size) {
    List<Entry> ten = LongStream.range(0, PER_AGGREGATE).mapToObj(Entry::of).toList();
    long first = written / PER_AGGREGATE;
    Load.perSecond(
        THREADS,
        (size - written) / PER_AGGREGATE,
        n -> appended(store.append(Append.of(LEDGERS, id(first + n), ExpectedVersion.any(), ten))));
    written = size;
  }

  private static String id(long number) {
    return "g" + number;
  }

  private static Position appended(AppendResult result) {
    if (result instanceof AppendResult.Appended appended) {
      return appended.position();
    }
    throw new IllegalStateException("an append has failed: " + result);
  }

  private static void applied(ReadModel<Balance> rows, Position position) {
    Awaited awaited = rows.await(position, PATIENCE);
    if (awaited != Awaited.APPLIED) {
      throw new IllegalStateException("%s: %s".formatted(position, awaited));
    }
  }

  private void measure(RedisEventStore store, ReadModel<Balance> rows, long size) {
    var ledgers =
        CommandHandler.on(store, LEDGERS, new LedgerDecider()).cache(StateCache.off()).build();
    long aggregates = size / PER_AGGREGATE;
    List<Entry> one = List.of(Entry.of(1));
    Histogram append =
        timed(n -> appended(store.append(Append.of(LEDGERS, "a" + n, ExpectedVersion.any(), one))));
    Histogram command = timed(n -> ledgers.handle(any(aggregates), new Book(1)));
    Histogram load = timed(n -> ledgers.load(any(aggregates)));
    Histogram lag =
        timed(n -> {
          applied(rows, ledgers.handle(any(aggregates), new Book(1)).position());
          return n;
        });
    all.add(new Medians(p(append, 50), p(command, 50), p(load, 50), p(lag, 50)));
    out.printf(
        Locale.ROOT,
        "%d %.0f %.2f %.2f %.2f %.2f %.2f %.2f %.2f %.2f%n",
        size,
        new ServerStats(redis).usedMemory() / MIB,
        p(append, 50),
        p(append, 99),
        p(command, 50),
        p(command, 99),
        p(load, 50),
        p(load, 99),
        p(lag, 50),
        p(lag, 99));
  }

  private static String any(long aggregates) {
    return id(ThreadLocalRandom.current().nextLong(aggregates));
  }

  /** Calls one after the other; a warm-up of half as many is thrown away. */
  private static Histogram timed(LongFunction<Object> call) {
    var micros = new Histogram(3);
    for (long n = -CALLS / 2; n < CALLS; n++) {
      long start = System.nanoTime();
      var unused = call.apply(n);
      if (n >= 0) {
        micros.recordValue((System.nanoTime() - start) / 1_000);
      }
    }
    return micros;
  }

  private static double p(Histogram micros, double percentile) {
    return micros.getValueAtPercentile(percentile) / 1e3;
  }
}
