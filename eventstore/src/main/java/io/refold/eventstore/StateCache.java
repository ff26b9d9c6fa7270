package io.refold.eventstore;

import java.time.Duration;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * How many states a handler keeps in memory, and how long. With its state there, a command is a
 * single call to the store. A kept state only ever leads to an append, which the stream's version
 * guards; refusals are answered from newer ones. Immutable.
 *
 * @param maxWeight how much is kept in all; 0 keeps nothing
 * @param idle how long an unused state is kept
 * @param weigher the weight of a state; null counts each as 1
 * @param <S> the state
 */
public record StateCache<S>(
    long maxWeight, Duration idle, @Nullable ToIntFunction<? super S> weigher) {
  private static final Duration TEN_MINUTES = Duration.ofMinutes(10);

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if the weight is negative or the time not positive
   */
  public StateCache {
    if (maxWeight < 0 || !idle.isPositive()) {
      throw new IllegalArgumentException(
          "a cache keeps a weight of 0 or more for a positive time, not %d for %s"
              .formatted(maxWeight, idle));
    }
  }

  /** Keeps nothing: each command reads its stream first. */
  public static <S> StateCache<S> off() {
    return states(0);
  }

  /**
   * Keeps so many states, each until it was not used for ten minutes. A handler's default is
   * 10,000.
   *
   * @throws IllegalArgumentException if the number is negative
   */
  public static <S> StateCache<S> states(long most) {
    return new StateCache<>(most, TEN_MINUTES, null);
  }

  /**
   * Keeps states of so much weight in all, each until it was not used for ten minutes. Beside its
   * state, each kept aggregate takes about 200 bytes, and 8 for each of its last 256 events.
   *
   * @param weigher returns a state's weight, 0 or more: for instance its size in bytes
   * @throws IllegalArgumentException if the weight is negative
   */
  public static <S> StateCache<S> weighing(long maxWeight, ToIntFunction<? super S> weigher) {
    return new StateCache<>(maxWeight, TEN_MINUTES, weigher);
  }

  /**
   * Returns a copy that keeps unused states so long.
   *
   * @throws IllegalArgumentException if the time is not positive
   */
  public StateCache<S> keepingUnusedFor(Duration time) {
    return new StateCache<>(maxWeight, time, weigher);
  }
}
