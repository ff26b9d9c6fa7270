package io.refold.sample.soak;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisScript;
import io.refold.eventstore.redis.RedisSession;
import io.refold.sample.bench.ServerStats;
import io.refold.sample.soak.Series.Tolerance;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/**
 * Looks at process and server again and again. Times may be added by many threads; samples are
 * taken by one.
 */
final class Samples {
  private static final RedisScript CENSUS = RedisScript.load(Samples.class, "census.lua");
  private static final double MIB = 1 << 20;

  private final ServerStats server;
  private final RedisSession session;
  private final Map<String, Gauge> gauges = new LinkedHashMap<>();
  private final Map<String, Times> times = new LinkedHashMap<>();

  /** Times of the span that is under way, and those of the ones before it. */
  private record Times(Recorder current, List<Histogram> spans) {}

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
      times.put(what, new Times(new Recorder(3), new ArrayList<>()));
    }
  }

  private void track(String name, double share, double amount) {
    gauges.put(name, new Gauge(name, new Tolerance(share, amount)));
  }

  /** Adds how long something took. */
  void took(String what, long startNanos) {
    Objects.requireNonNull(times.get(what))
        .current()
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
    times.values().forEach(each -> each.spans().add(each.current().getIntervalHistogram()));
  }

  private void add(String name, double sample) {
    Objects.requireNonNull(gauges.get(name)).add(sample);
  }

  private List<Series> series() {
    var all = new ArrayList<Series>(gauges.values());
    times.forEach((what, measured) -> {
      all.add(new Latency(what + " p50, ms", 50, new Tolerance(1, 50), measured.spans()));
      all.add(new Latency(what + " p99, ms", 99, new Tolerance(2, 500), measured.spans()));
    });
    return all;
  }

  /** Returns what has grown. */
  List<String> grown() {
    return series().stream().filter(Series::grown).map(Series::name).toList();
  }

  /** Returns what has too few samples or times to be judged. */
  List<String> tooFew() {
    return series().stream().filter(each -> !each.judged()).map(Series::name).toList();
  }

  /** Prints a line for each series. */
  void print(PrintStream out) {
    out.printf(
        Locale.ROOT, "%-36s %14s %14s %14s%n", "", "second quarter", "last quarter", "limit");
    for (Series each : series()) {
      out.printf(
          Locale.ROOT,
          "%-36s %14.1f %14.1f %14.1f %s%n",
          each.name(),
          each.before(),
          each.after(),
          each.limit(),
          !each.judged() ? "too few to judge" : each.grown() ? "GROWN" : "");
    }
  }
}
