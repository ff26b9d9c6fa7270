package io.refold.eventstore;

import java.util.List;

/**
 * An aggregate as pure functions: no clock, no I/O, no randomness; what it needs of these comes in
 * the command or the {@link Context}. A decider has no state of its own and is thread-safe.
 *
 * @param <C> the commands
 * @param <S> the state, immutable
 * @param <E> the events
 */
public interface Decider<C, S, E> {
  /** Returns the state of an aggregate without events. */
  S initialState();

  /**
   * Decides what happens: the events that the command causes, or none where it changes nothing.
   *
   * @throws CommandRejectedException if the state does not allow the command
   */
  List<? extends E> decide(C command, S state, Context context);

  /** Returns the state after an event. Must not refuse: the event has happened. */
  S evolve(S state, E event);
}
