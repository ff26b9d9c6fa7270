package io.refold.eventstore;

import java.util.List;

/**
 * What a command did.
 *
 * @param stream the aggregate's stream
 * @param version its last version known now
 * @param state its state at that version
 * @param events the events of this command; none if it changed nothing
 * @param position where a reader has to wait to see them; for a command without events, the
 *     position of the stream's last event, or the partition's origin
 * @param repeat whether the command had been handled before, and was not handled again
 * @param durability how safe the command's events are known to be; for a repeat, those written
 *     before; for a command without events, what it was decided on
 * @param <S> the state
 * @param <E> the events
 */
public record Handled<S, E>(
    StreamId stream,
    long version,
    S state,
    List<E> events,
    Position position,
    boolean repeat,
    Confirmation durability) {
  /** Copies the events. */
  public Handled {
    events = List.copyOf(events);
  }
}
