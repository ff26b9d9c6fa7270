package io.refold.projections;

import io.refold.eventstore.Recorded;

/**
 * An event with what its stream was before and is after it.
 *
 * @param before the state before the event
 * @param after the state after it
 * @param recorded the event
 * @param <S> the state
 * @param <E> the events
 */
public record Folded<S, E>(S before, S after, Recorded<E> recorded) {}
