package io.refold.projections;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.projections.store.Parking;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The states of streams that sources fold, as they are before an event. Those used last are kept in
 * memory, at most {@value #KEPT}; others are folded from the first event on. Thread-safe; each
 * stream is asked about by one thread at a time.
 */
final class StreamStates {
  private static final int KEPT = 10_000;
  private static final int PAGE = 1_000;

  private final History history;
  private final Cache<Key, Reached> kept = Caffeine.newBuilder().maximumSize(KEPT).build();

  /** Reads a stream, as {@link io.refold.eventstore.EventStore#read} does. */
  @FunctionalInterface
  interface History {
    List<StoredEvent> read(StreamId stream, long after, int limit);
  }

  /** Equal folds are the same object. */
  private record Key(StreamFold<?, ?> fold, StreamId stream) {}

  private record Reached(long version, Object state) {}

  StreamStates(History history) {
    this.history = history;
  }

  /** Folds the stream anew when it is asked about again. */
  void forget(StreamId stream) {
    kept.asMap().keySet().removeIf(key -> key.stream().equals(stream));
  }

  /**
   * Returns the state before an event.
   *
   * @param parking what is left out
   * @throws IllegalStateException if earlier events are gone
   */
  <S, E> S before(StreamFold<S, E> fold, StoredEvent event, Parking parking) {
    Reached reached = kept.getIfPresent(new Key(fold, event.stream()));
    if (reached != null && reached.version() == event.version() - 1) {
      return state(fold, reached);
    }
    S state = fold.initial();
    long version = 0;
    while (version < event.version() - 1) {
      int limit = (int) Math.min(PAGE, event.version() - 1 - version);
      List<StoredEvent> page = history.read(event.stream(), version, limit);
      if (page.isEmpty() || page.getFirst().version() != version + 1) {
        throw new IllegalStateException(
            "event %d of %s is gone, so its state is not known"
                .formatted(version + 1, event.stream()));
      }
      for (StoredEvent earlier : page) {
        state = parking.drops(earlier) ? state : after(fold, state, earlier);
      }
      version = page.getLast().version();
    }
    return state;
  }

  /** The key says of which fold the state is. */
  @SuppressWarnings({"unchecked", "UnusedVariable"})
  private static <S> S state(StreamFold<S, ?> fold, Reached reached) {
    return (S) reached.state();
  }

  private static <S, E> S after(StreamFold<S, E> fold, S before, StoredEvent event) {
    S state = before;
    for (Recorded<E> recorded : fold.read(event)) {
      state = fold.after(state, recorded);
    }
    return state;
  }

  /** Keeps the state after an event. */
  void reached(StreamFold<?, ?> fold, StoredEvent event, @Nullable Object state) {
    kept.put(
        new Key(fold, event.stream()),
        new Reached(
            event.version(),
            Objects.requireNonNull(state, () -> "the state after event " + event.version())));
  }
}
