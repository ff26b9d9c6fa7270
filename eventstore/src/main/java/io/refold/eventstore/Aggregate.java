package io.refold.eventstore;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The state of one stream while a command is handled: folds stored events and remembers the command
 * ids of the last {@link EventStore#RECOGNISED_EVENTS} of them.
 */
final class Aggregate<S, E> {
  private final Category<E> category;
  private final Decider<?, S, E> decider;
  private final StreamId stream;
  private final Deque<StoredEvent> recent = new ArrayDeque<>();
  private S state;
  private long version;
  private Position position;

  Aggregate(Category<E> category, Decider<?, S, E> decider, StreamId stream, Position origin) {
    this.category = category;
    this.decider = decider;
    this.stream = stream;
    this.state = decider.initialState();
    this.position = origin;
  }

  void apply(List<StoredEvent> events) {
    for (StoredEvent stored : events) {
      for (Recorded<E> recorded : category.read(stored)) {
        state = decider.evolve(state, recorded.event());
      }
      version = stored.version();
      position = stored.position();
      recent.addLast(stored);
      if (recent.size() > EventStore.RECOGNISED_EVENTS) {
        recent.removeFirst();
      }
    }
  }

  /** Returns the recent events that a command wrote; none if it is not recognised. */
  List<E> eventsOf(String commandId) {
    var events = new ArrayList<E>();
    for (StoredEvent stored : recent) {
      if (stored.commandId().equals(commandId)) {
        category.read(stored).forEach(recorded -> events.add(recorded.event()));
      }
    }
    return events;
  }

  boolean recognises(String commandId) {
    return recent.stream().anyMatch(stored -> stored.commandId().equals(commandId));
  }

  S state() {
    return state;
  }

  long version() {
    return version;
  }

  Position position() {
    return position;
  }

  Loaded<S> loaded() {
    return new Loaded<>(stream, version, state, position);
  }
}
