package io.refold.projections;

import java.time.Duration;

/** Short waits of code that polls; an interrupt ends them and stays set. */
final class Pause {
  private Pause() {}

  static void of(Duration length) {
    try {
      Thread.sleep(length);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static void upTo(Duration length, long deadlineNanos) {
    long left = Math.max(0, deadlineNanos - System.nanoTime());
    of(Duration.ofNanos(Math.min(length.toNanos(), left)));
  }
}
