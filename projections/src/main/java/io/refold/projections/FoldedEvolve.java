package io.refold.projections;

import org.jspecify.annotations.Nullable;

/**
 * Folds an event and the state of its stream into a row. Pure: the same arguments give the same
 * row, no clock, no I/O; it is called again when another worker has changed the row meanwhile.
 *
 * @param <V> the rows
 * @param <S> the state of a stream
 * @param <E> the events
 */
@FunctionalInterface
public interface FoldedEvolve<V, S, E> {
  /**
   * Returns the row after an event.
   *
   * @param key the row's key
   * @param row the row so far; null if there is none
   * @param folded the event, with the state of its stream before and after it
   * @return the new row; null if there is to be none
   */
  @Nullable V evolve(String key, @Nullable V row, Folded<S, E> folded);
}
