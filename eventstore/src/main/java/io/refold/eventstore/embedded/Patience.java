package io.refold.eventstore.embedded;

import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for servers, looking often and giving up after 60 seconds. */
final class Patience {
  private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(60);
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private Patience() {}

  static void await(String what, BooleanSupplier condition) {
    awaitValue(what, () -> condition.getAsBoolean() ? Optional.of(true) : Optional.empty());
  }

  static <T> T awaitValue(String what, Supplier<Optional<T>> look) {
    long deadline = System.nanoTime() + LONGEST_NANOS;
    for (Optional<T> seen = look.get(); ; seen = look.get()) {
      if (seen.isPresent()) {
        return seen.get();
      }
      if (System.nanoTime() > deadline || Thread.currentThread().isInterrupted()) {
        throw new IllegalStateException("waited in vain for " + what);
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }
}
