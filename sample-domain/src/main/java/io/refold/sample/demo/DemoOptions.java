package io.refold.sample.demo;

import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;

/**
 * What the demo is to do. An option that is empty counts as not given.
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
    return new DemoOptions(
        given(properties, "log").map(Path::of),
        given(properties, "redis"),
        Math.toIntExact(number(properties, "fines", FINES, 1, 1_000_000)),
        number(properties, "seed", SEED, Long.MIN_VALUE, Long.MAX_VALUE),
        Path.of(given(properties, "report").orElse("demo-report.json")));
  }

  private static Optional<String> given(Properties properties, String name) {
    return Optional.ofNullable(properties.getProperty(name)).filter(value -> !value.isBlank());
  }

  private static long number(
      Properties properties, String name, long otherwise, long min, long max) {
    String text = given(properties, name).orElse(String.valueOf(otherwise));
    try {
      long number = Long.parseLong(text);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // the message below says it all
    }
    throw new IllegalArgumentException(
        "-D%s=%s is not a whole number from %,d to %,d".formatted(name, text, min, max));
  }
}
