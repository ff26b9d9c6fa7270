package io.refold.sample.demo;

import io.refold.sample.options.Options;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;

/**
 * What the demo is to do.
 *
 * @param log a XES file to import; empty: fines are made up
 * @param redis a server's address; empty: an embedded one
 * @param fines how many to make up
 * @param seed of the made-up fines
 * @param report where to write the figures
 */
public record DemoOptions(
    Optional<Path> log, Optional<String> redis, int fines, long seed, Path report) {
  private static final int FINES = 5_000;
  private static final long SEED = 2_026;

  /**
   * Reads the options {@code log}, {@code redis}, {@code fines}, {@code seed} and {@code report}.
   *
   * @throws IllegalArgumentException if a value is not allowed
   */
  public static DemoOptions of(Properties properties) {
    var given = new Options(properties);
    return new DemoOptions(
        given.text("log").map(Path::of),
        given.text("redis"),
        Math.toIntExact(given.number("fines", FINES, 1, 1_000_000)),
        given.number("seed", SEED, Long.MIN_VALUE, Long.MAX_VALUE),
        Path.of(given.text("report").orElse("demo-report.json")));
  }
}
