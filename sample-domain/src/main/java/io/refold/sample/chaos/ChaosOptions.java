package io.refold.sample.chaos;

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
   * Reads the system properties {@code cycles}, {@code cluster} and {@code seed}; an empty one
   * counts as not given. Without a seed there is another one in each run.
   *
   * @throws IllegalArgumentException if one cannot be understood
   */
  public static ChaosOptions ofProperties() {
    String cycles = System.getProperty("cycles", "");
    String seed = System.getProperty("seed", "");
    String cluster = System.getProperty("cluster", "false");
    return new ChaosOptions(
        cycles.isEmpty() ? DEFAULT_CYCLES : Integer.parseInt(cycles),
        !cluster.equals("false"),
        seed.isEmpty() ? ThreadLocalRandom.current().nextLong(1_000_000) : Long.parseLong(seed));
  }
}
