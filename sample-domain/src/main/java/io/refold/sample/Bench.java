package io.refold.sample;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.sample.bench.Figures;
import io.refold.sample.bench.FineSide;
import io.refold.sample.bench.ReadSide;
import io.refold.sample.bench.WriteSide;
import io.refold.sample.options.Options;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Properties;

/**
 * Measures Refold on an embedded Redis with {@code appendfsync everysec}, one line per figure:
 * {@code bench <name> <value> <unit>}. Figures of one run may be compared with each other; machines
 * differ.
 */
public final class Bench {
  private static final long DEFAULT_EVENTS = 200_000;

  /** Rewriting the file would fall into one measurement and not into the next. */
  private static final String[] SETTINGS = {
    "appendonly yes", "appendfsync everysec", "auto-aof-rewrite-percentage 0"
  };

  private Bench() {}

  /**
   * Runs all measurements; ends with 1 if an option is not allowed.
   *
   * @param args none; the system property {@code events} says how many events to write, and {@code
   *     log} where the log of fines is that is rebuilt from; as many are made up if it is not given
   */
  public static void main(String[] args) {
    System.exit(run(System.getProperties(), System.out));
  }

  static int run(Properties properties, PrintStream out) {
    var options = new Options(properties);
    long events;
    try {
      events = options.number("events", DEFAULT_EVENTS, 1_000, 1_000_000_000);
    } catch (IllegalArgumentException notAllowed) {
      out.println("Nothing was started: " + notAllowed.getMessage());
      return 1;
    }
    var figures = new Figures(out);
    try (var redis = EmbeddedRedis.start(SETTINGS)) {
      new WriteSide(redis, events, figures).measure();
    }
    try (var redis = EmbeddedRedis.start(SETTINGS)) {
      new ReadSide(redis, events, figures).measure();
    }
    try (var redis = EmbeddedRedis.start(SETTINGS)) {
      new FineSide(redis, options.text("log").map(Path::of), figures).measure();
    }
    return 0;
  }
}
