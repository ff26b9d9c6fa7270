package io.refold.projections;

import io.refold.eventstore.Recorded;
import org.jspecify.annotations.Nullable;

/**
 * Folds an event into a row. Pure: the same arguments give the same row, no clock, no I/O; it is
 * called again when another worker has changed the row meanwhile.
 *
 * @param <V> the rows
 * @param <E> the events
 */
@FunctionalInterface
public interface Evolve<V, E> {
  /**
   * Returns the row after an event.
   *
   * @param key the row's key
   * @param row the row so far; null if there is none
   * @param recorded the event
   * @return the new row; null if there is to be none
   */
  @Nullable V evolve(String key, @Nullable V row, Recorded<E> recorded);
}
