package io.refold.sample.chaos;

import io.refold.sample.options.Options;
import java.util.Properties;
import java.util.concurrent.ThreadLocalRandom;

/**
 * What a run of faults was asked for.
 *
 * @param cycles how many cycles of faults, at least 1
 * @param cluster whether on a cluster, else on one server
 * @param seed decides about commands and faults
 */
public record ChaosOptions(int cycles, boolean cluster, long seed) {
  private static final int DEFAULT_CYCLES = 50;

  /**
   * Checks the number of cycles.
   *
   * @throws IllegalArgumentException if there is none
   */
  public ChaosOptions {
    if (cycles < 1) {
      throw new IllegalArgumentException("a run has 1 cycle or more, not " + cycles);
    }
  }

  /**
   * Reads the options {@code cycles}, {@code cluster} and {@code seed}. Without a seed there is
   * another one in each run.
   *
   * @throws IllegalArgumentException if a value is not allowed
   */
  public static ChaosOptions of(Properties properties) {
    var given = new Options(properties);
    long seed = ThreadLocalRandom.current().nextLong(1_000_000);
    return new ChaosOptions(
        Math.toIntExact(given.number("cycles", DEFAULT_CYCLES, 1, 1_000_000)),
        !given.text("cluster").orElse("false").equals("false"),
        given.number("seed", seed, Long.MIN_VALUE, Long.MAX_VALUE));
  }
}
