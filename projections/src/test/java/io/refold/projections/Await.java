package io.refold.projections;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for conditions in tests, looking often and giving up in the end. */
public final class Await {
  private static final Duration LONGEST = Duration.ofSeconds(30);

  private Await() {}

  /** Waits until a condition holds; fails if it does not within 30 seconds. */
  public static void until(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + LONGEST.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("did not come true within %s: %s".formatted(LONGEST, what));
      }
      LockSupport.parkNanos(2_000_000);
    }
  }
}
