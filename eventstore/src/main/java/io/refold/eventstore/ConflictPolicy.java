package io.refold.eventstore;

import java.time.Duration;

/**
 * What a handler does when another writer was faster: decide again on the new state, after a random
 * pause that doubles with every attempt up to a limit ("full jitter", see Marc Brooker,
 * "Exponential Backoff And Jitter", 2015).
 *
 * @param retries how often to decide again, from 0
 * @param firstPause the longest pause before the first retry
 * @param longestPause the longest pause before any retry
 */
public record ConflictPolicy(int retries, Duration firstPause, Duration longestPause) {
  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a value is negative
   */
  public ConflictPolicy {
    if (retries < 0 || firstPause.isNegative() || longestPause.isNegative()) {
      throw new IllegalArgumentException(
          "a conflict policy has 0 or more retries and pauses, not %d, %s and %s"
              .formatted(retries, firstPause, longestPause));
    }
  }

  /** Never retries: the first conflict is the caller's. */
  public static ConflictPolicy fail() {
    return new ConflictPolicy(0, Duration.ZERO, Duration.ZERO);
  }

  /**
   * Retries so many times, with pauses of up to 1 ms before the first and up to 256 ms before the
   * ninth and later ones. The handler's default is 50.
   *
   * @throws IllegalArgumentException if the number is negative
   */
  public static ConflictPolicy retry(int times) {
    return new ConflictPolicy(times, Duration.ofMillis(1), Duration.ofMillis(256));
  }

  /** Returns the longest pause before the n-th retry, n from 1. */
  Duration pauseBefore(int retry) {
    Duration grown = firstPause.multipliedBy(1L << Math.min(retry - 1, 20));
    return grown.compareTo(longestPause) < 0 ? grown : longestPause;
  }
}
