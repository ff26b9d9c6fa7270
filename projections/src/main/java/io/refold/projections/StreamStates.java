package io.refold.projections;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Parking;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The states of streams that sources fold, as they are before an event. Those used last are kept in
 * memory, at most {@value #KEPT}, each with what was left out; others are folded from the first
 * event on. Thread-safe; each stream is asked about by one thread at a time.
 */
final class StreamStates {
  private static final int KEPT = 50_000;
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

  /**
   * What an event has made of a stream.
   *
   * @param dropped the versions of the stream that were left out
   */
  private record Reached(long version, Object before, Object after, Set<Long> dropped) {}

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
    if (reached != null && reached.dropped().equals(dropped(event.stream(), parking))) {
      if (reached.version() == event.version() - 1) {
        return state(fold, reached.after());
      }
      if (reached.version() == event.version()) {
        return state(fold, reached.before());
      }
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

  private static Set<Long> dropped(StreamId stream, Parking parking) {
    return parking.dropped().isEmpty()
        ? Set.of()
        : parking.dropped().stream()
            .filter(event -> event.stream().equals(stream))
            .map(EventAddress::version)
            .collect(Collectors.toSet());
  }

  /** The key says of which fold the state is. */
  @SuppressWarnings({"unchecked", "UnusedVariable"})
  private static <S> S state(StreamFold<S, ?> fold, Object kept) {
    return (S) kept;
  }

  private static <S, E> S after(StreamFold<S, E> fold, S before, StoredEvent event) {
    S state = before;
    for (Recorded<E> recorded : fold.read(event)) {
      state = fold.after(state, recorded);
    }
    return state;
  }

  /** Keeps the states before and after an event. */
  void reached(
      StreamFold<?, ?> fold,
      StoredEvent event,
      Parking parking,
      @Nullable Object before,
      @Nullable Object after) {
    if (before == null || after == null) {
      throw new NullPointerException("a stream has a state before and after each event, not null");
    }
    kept.put(
        new Key(fold, event.stream()),
        new Reached(event.version(), before, after, dropped(event.stream(), parking)));
  }
}
