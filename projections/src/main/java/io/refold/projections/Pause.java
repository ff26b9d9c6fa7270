package io.refold.projections;

import java.time.Duration;

/** Waits of code that polls. */
final class Pause {
  private static final Duration CENTURY = Duration.ofDays(36_525);

  private Pause() {}

  /** Sleeps; an interrupt ends it and stays set. */
  static void of(Duration length) {
    try {
      Thread.sleep(length);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns a time-out in nanoseconds: 0 if it is negative, and a century at most. */
  static long nanos(Duration timeout) {
    if (timeout.isNegative()) {
      return 0;
    }
    return timeout.compareTo(CENTURY) < 0 ? timeout.toNanos() : CENTURY.toNanos();
  }
}
