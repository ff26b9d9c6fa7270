package io.refold.eventstore;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is known of one stream: its state after the event with this version. Immutable if the state
 * is.
 *
 * @param position the position of that event, or the partition's origin
 * @param recent the commands that wrote the last events
 * @param ended why the stream takes no more events, if so
 * @param forgotten the version of the last mark that data was forgotten, or 0
 * @param snapshot the version of the newest snapshot known, or 0
 */
record Aggregate<S>(
    StreamId stream,
    long version,
    S state,
    Position position,
    RecentCommands recent,
    AppendResult.@Nullable Reason ended,
    long forgotten,
    long snapshot) {
  static <S> Aggregate<S> initial(StreamId stream, S state, Position origin) {
    return new Aggregate<>(stream, 0, state, origin, RecentCommands.NONE, null, 0, 0);
  }

  /** Folds the events that follow. */
  <E> Aggregate<S> and(Category<E> category, Decider<?, S, E> decider, List<StoredEvent> events) {
    if (events.isEmpty()) {
      return this;
    }
    S after = state;
    AppendResult.Reason end = ended;
    long lastForgotten = forgotten;
    for (StoredEvent stored : events) {
      for (Recorded<E> recorded : category.read(stored)) {
        after = decider.evolve(after, recorded.event());
      }
      switch (StreamMark.of(stored).orElse(null)) {
        case StreamMark.Closed closed -> end = AppendResult.Reason.CLOSED;
        case StreamMark.Deleted deleted -> end = AppendResult.Reason.DELETED;
        case StreamMark.Forgotten data -> lastForgotten = stored.version();
        case StreamMark.Cancelled cancelled -> {}
        case null -> {}
      }
    }
    StoredEvent last = events.getLast();
    return new Aggregate<>(
        stream,
        last.version(),
        after,
        last.position(),
        recent.and(events),
        end,
        lastForgotten,
        snapshot);
  }

  /** Adds the events that a command is about to write. */
  <E> Aggregate<S> and(Decider<?, S, E> decider, List<? extends E> events, String commandId) {
    S after = state;
    for (E event : events) {
      after = decider.evolve(after, event);
    }
    return new Aggregate<>(
        stream,
        version + events.size(),
        after,
        position,
        recent.and(commandId, events.size()),
        ended,
        forgotten,
        snapshot);
  }

  Aggregate<S> at(Position written) {
    return new Aggregate<>(stream, version, state, written, recent, ended, forgotten, snapshot);
  }

  Aggregate<S> withSnapshot(long atVersion) {
    return new Aggregate<>(stream, version, state, position, recent, ended, forgotten, atVersion);
  }

  Loaded<S> loaded() {
    return new Loaded<>(stream, version, state, position, ended != null);
  }
}
