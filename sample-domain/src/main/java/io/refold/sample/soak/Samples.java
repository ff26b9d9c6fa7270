package io.refold.sample.soak;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisScript;
import io.refold.eventstore.redis.RedisSession;
import io.refold.sample.bench.ServerStats;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.ConcurrentHistogram;

/**
 * Looks at process and server again and again. Latencies of a span count for its end; a span with
 * few of them is lengthened. Times may be added by many threads; samples are taken by one.
 */
final class Samples {
  private static final RedisScript CENSUS = RedisScript.load(Samples.class, "census.lua");
  private static final int FEWEST_TIMES = 20;
  private static final double MIB = 1 << 20;

  private final ServerStats server;
  private final RedisSession session;
  private final Map<String, Series> series = new LinkedHashMap<>();
  private final Map<String, AtomicReference<ConcurrentHistogram>> times = new LinkedHashMap<>();

  Samples(EmbeddedRedis redis, RedisSession session, List<String> timed) {
    this.server = new ServerStats(redis);
    this.session = session;
    track("heap after collection, MiB", 0.25, 32);
    track("threads", 0.1, 8);
    track("connections", 0, 4);
    track("consumer names", 0, 4);
    track("pending entries", 0.5, 500);
    track("keys besides streams and snapshots", 0.2, 300);
    for (String what : timed) {
      times.put(what, new AtomicReference<>(new ConcurrentHistogram(3)));
      track(what + " p50, ms", 1, 50);
      track(what + " p99, ms", 2, 500);
    }
  }

  private void track(String name, double share, double amount) {
    series.put(name, new Series(name, share, amount));
  }

  /** Adds how long something took. */
  void took(String what, long startNanos) {
    Objects.requireNonNull(times.get(what))
        .get()
        .recordValue(Math.max(0, System.nanoTime() - startNanos) / 1_000);
  }

  /** Takes one sample of everything. */
  void take() {
    System.gc();
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    add("heap after collection, MiB", heap / MIB);
    add("threads", ManagementFactory.getThreadMXBean().getThreadCount());
    add("connections", (double) server.connections());
    var census = (List<?>) Objects.requireNonNull(session.eval(CENSUS, List.of(session.logKey(0))));
    add("keys besides streams and snapshots", (Long) Objects.requireNonNull(census.get(0)));
    add("consumer names", (Long) Objects.requireNonNull(census.get(1)));
    add("pending entries", (Long) Objects.requireNonNull(census.get(2)));
    times.forEach((what, current) -> {
      if (current.get().getTotalCount() >= FEWEST_TIMES) {
        ConcurrentHistogram span = current.getAndSet(new ConcurrentHistogram(3));
        add(what + " p50, ms", span.getValueAtPercentile(50) / 1e3);
        add(what + " p99, ms", span.getValueAtPercentile(99) / 1e3);
      }
    });
  }

  private void add(String name, double sample) {
    Objects.requireNonNull(series.get(name)).add(sample);
  }

  /** Returns what has grown. */
  List<String> grown() {
    return series.values().stream().filter(Series::grown).map(Series::name).toList();
  }

  /** Returns what has too few samples to be judged. */
  List<String> tooFew() {
    return series.values().stream().filter(each -> !each.judged()).map(Series::name).toList();
  }

  /** Prints a line for each series. */
  void print(PrintStream out) {
    out.printf(
        Locale.ROOT, "%-36s %14s %14s %14s%n", "", "second quarter", "last quarter", "limit");
    for (Series each : series.values()) {
      out.printf(
          Locale.ROOT,
          "%-36s %14.1f %14.1f %14.1f %s%n",
          each.name(),
          each.before(),
          each.after(),
          each.limit(),
          !each.judged() ? "too few samples" : each.grown() ? "GROWN" : "");
    }
  }
}
