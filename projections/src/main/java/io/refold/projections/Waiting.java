package io.refold.projections;

import io.refold.eventstore.Position;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Subscriptions;
import java.time.Duration;
import java.util.function.Supplier;

/** Waits until the generation that is read has applied a position. */
final class Waiting {
  private static final Duration FIRST_PAUSE = Duration.ofMillis(1);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(25);

  private Waiting() {}

  /** Returns the generation that is read. */
  interface Shown {
    /**
     * Returns it.
     *
     * @param again whether the one returned before is gone
     */
    Generation generation(boolean again);
  }

  static Awaited until(Subscriptions subscriptions, Position position, Duration most, Shown shown) {
    if (position.sequence() == 0) {
      return Awaited.APPLIED;
    }
    long deadline = System.nanoTime() + Pause.nanos(most);
    Duration pause = Duration.ZERO;
    boolean again = false;
    while (true) {
      boolean gone = again;
      Generation generation = answered(() -> shown.generation(gone));
      Duration left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
      subscriptions.linger(generation, position, pause, left);
      again = false;
      switch (answered(() -> subscriptions.arrival(generation, position))) {
        case APPLIED -> {
          return Awaited.APPLIED;
        }
        case PARKED -> {
          return Awaited.PARKED;
        }
        case LOST -> {
          return Awaited.LOST;
        }
        case GONE -> {
          if (!gone) { // its successor is asked at once
            again = true;
            continue;
          }
        }
        case PENDING -> {}
      }
      if (deadline - System.nanoTime() <= 0) {
        return Awaited.TIMED_OUT;
      }
      pause = longer(pause);
    }
  }

  private static Duration longer(Duration pause) {
    Duration longer = pause.isZero() ? FIRST_PAUSE : pause.multipliedBy(3).dividedBy(2);
    return longer.compareTo(LONGEST_PAUSE) < 0 ? longer : LONGEST_PAUSE;
  }

  /** A lost reply to a read leaves nothing unknown: the store just cannot be read now. */
  static <T> T answered(Supplier<T> read) {
    try {
      return read.get();
    } catch (ReplyLostException lost) {
      throw new StoreUnavailableException(String.valueOf(lost.getMessage()), lost);
    }
  }
}
