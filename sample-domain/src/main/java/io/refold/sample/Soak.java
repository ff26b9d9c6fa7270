package io.refold.sample;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.sample.soak.Growth;
import io.refold.sample.soak.Scale;
import io.refold.sample.soak.SoakRun;
import java.time.Duration;

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
    String grow = System.getProperty("grow", "");
    boolean scale = Boolean.getBoolean("scale");
    boolean good;
    try (var redis = EmbeddedRedis.start(scale ? FILE : NO_FILE)) {
      if (!grow.isEmpty()) {
        good = new Growth(redis, Long.parseLong(grow), System.out).run();
      } else if (scale) {
        new Scale(redis, System.out).run();
        good = true;
      } else {
        String given = System.getProperty("minutes", "");
        double minutes = given.isEmpty() ? MINUTES : Double.parseDouble(given);
        var length = Duration.ofMillis((long) (minutes * 60_000));
        good = new SoakRun(redis, length, System.out).run();
      }
    }
    System.exit(good ? 0 : 1);
  }
}
