package io.refold.sample;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.sample.options.Options;
import io.refold.sample.soak.Growth;
import io.refold.sample.soak.Scale;
import io.refold.sample.soak.SoakRun;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Properties;

/**
 * Puts load on Refold over an embedded Redis and judges it: ends with exit code 1 where something
 * grows that should not, or a call fails.
 */
public final class Soak {
  private static final double MINUTES = 5;
  private static final String[] NO_FILE = {"appendonly no"};

  /** Its length is measured, so it is not rewritten. */
  private static final String[] FILE = {"appendonly yes", "auto-aof-rewrite-percentage 0"};

  private Soak() {}

  /**
   * Runs mixed load; or, if they are asked for, one of the other measurements.
   *
   * @param args none; the system property {@code minutes} says for how long, 5 if it is not given;
   *     with {@code grow}, a history grows to so many events, and latencies are measured on the
   *     way; with {@code scale} set to {@code true}, what partitions, aggregates, projections and
   *     workers cost
   */
  public static void main(String[] args) {
    System.exit(run(System.getProperties(), System.out));
  }

  static int run(Properties properties, PrintStream out) {
    var options = new Options(properties);
    boolean scale = options.text("scale").orElse("false").equals("true");
    long grow;
    Duration length;
    try {
      grow = options.number("grow", 0, 0, 1_000_000_000);
      length = Duration.ofMillis((long) (options.decimal("minutes", MINUTES, 100_000) * 60_000));
    } catch (IllegalArgumentException notAllowed) {
      out.println("Nothing was started: " + notAllowed.getMessage());
      return 1;
    }
    boolean good = true;
    try (var redis = EmbeddedRedis.start(scale ? FILE : NO_FILE)) {
      if (grow > 0) {
        good = new Growth(redis, grow, out).run();
      } else if (scale) {
        new Scale(redis, out).run();
      } else {
        good = new SoakRun(redis, length, out).run();
      }
    }
    return good ? 0 : 1;
  }
}
