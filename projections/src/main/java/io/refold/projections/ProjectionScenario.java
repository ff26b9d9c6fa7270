package io.refold.projections;

import io.refold.eventstore.Category;
import io.refold.eventstore.EncodedEvent;
import io.refold.eventstore.Metadata;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.StreamMark;
import io.refold.projections.store.Parking;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Given/then for projections, tied to no test framework: expectations that do not hold throw {@link
 * AssertionError}. Events and rows go through JSON as they do in a store, so what cannot be read
 * back is noticed. All events are recorded at {@link #NOW} unless another time is set. Immutable.
 *
 * <pre>{@code
 * ProjectionScenario.of(balances)
 *     .given(ACCOUNTS, "alice", new Opened("Alice"), new Deposited(50_00))
 *     .thenRow("alice", new Balance("Alice", 50_00));
 * }</pre>
 *
 * @param <V> the rows
 */
public final class ProjectionScenario<V> {
  /** The time of every scenario that sets no other. */
  public static final Instant NOW = Instant.parse("2020-01-01T00:00:00Z");

  private static final int ORDERS = 100;

  private final RowFormat<V> format;
  private final Map<String, String> rows;
  private final Map<StreamId, Long> versions;
  private final List<StoredEvent> history;
  private final long sequence;
  private final Instant now;

  private ProjectionScenario(
      RowFormat<V> format,
      Map<String, String> rows,
      Map<StreamId, Long> versions,
      List<StoredEvent> history,
      long sequence,
      Instant now) {
    this.format = format;
    this.rows = rows;
    this.versions = versions;
    this.history = history;
    this.sequence = sequence;
    this.now = now;
  }

  /**
   * Starts without rows.
   *
   * @throws IllegalArgumentException if the projection is not valid
   */
  public static <V> ProjectionScenario<V> of(Projection<V> projection) {
    return new ProjectionScenario<>(
        new RowFormat<>(projection), Map.of(), Map.of(), List.of(), 0, NOW);
  }

  /** Sets the time at which the events that follow are recorded. */
  public ProjectionScenario<V> at(Instant time) {
    return new ProjectionScenario<>(format, rows, versions, history, sequence, time);
  }

  /**
   * Appends events to a stream and folds them.
   *
   * @throws IllegalStateException if the stream is closed or deleted
   * @throws AssertionError if an event or a row cannot be folded, written or read back
   */
  @SafeVarargs
  public final <E> ProjectionScenario<V> given(Category<E> category, String id, E... events) {
    var after = new HashMap<>(rows);
    var counted = new HashMap<>(versions);
    var kept = new ArrayList<>(history);
    StreamId stream = category.stream(id);
    checkOpen(stream, false);
    long append = sequence + 1;
    for (E event : events) {
      long version = counted.merge(stream, 1L, Long::sum);
      EncodedEvent payload = category.codec().encode(stream, event);
      StoredEvent stored = stored(stream, version, append, payload);
      kept.add(stored);
      fold(stored, after, kept);
    }
    return new ProjectionScenario<>(format, after, counted, kept, append, now);
  }

  /**
   * Deletes a stream, as {@link io.refold.eventstore.EventStore#delete} does.
   *
   * @throws IllegalStateException if it is deleted already
   */
  public ProjectionScenario<V> deleted(Category<?> category, String id) {
    return marked(category, id, new StreamMark.Deleted());
  }

  /**
   * Marks a stream in which data of a subject can no longer be read. The codec of each source is
   * told, then rows are folded afresh: what it reads instead of the data is up to it.
   *
   * @throws IllegalStateException if the stream is deleted
   * @throws AssertionError if an event or a row cannot be folded, written or read back
   */
  public ProjectionScenario<V> forgotten(Category<?> category, String id, String subject) {
    return marked(category, id, new StreamMark.Forgotten(subject));
  }

  /**
   * Marks a stream.
   *
   * @throws IllegalStateException if the stream is deleted, or is closed and takes no such mark
   * @throws AssertionError if an event or a row cannot be folded, written or read back
   */
  public ProjectionScenario<V> marked(Category<?> category, String id, StreamMark mark) {
    StreamId stream = category.stream(id);
    checkOpen(stream, mark instanceof StreamMark.Deleted || mark instanceof StreamMark.Forgotten);
    var counted = new HashMap<>(versions);
    long append = sequence + 1;
    StoredEvent stored =
        stored(stream, counted.merge(stream, 1L, Long::sum), append, mark.encoded());
    var kept = new ArrayList<>(history);
    if (mark instanceof StreamMark.Deleted) {
      kept.removeIf(event -> event.stream().equals(stream));
    }
    var after = new HashMap<>(rows);
    fold(stored, after, kept); // no event of the domain, but codecs are told so
    if (format.effect(category.name(), mark) == RowFormat.MarkEffect.FOLD_AFRESH) {
      after.remove(id);
      for (StoredEvent event : kept) {
        if (event.stream().id().equals(id)
            && format.byStream().contains(event.stream().category())) {
          fold(event, after, kept);
        }
      }
    }
    kept.add(stored);
    return new ProjectionScenario<>(format, after, counted, kept, append, now);
  }

  private void checkOpen(StreamId stream, boolean forClosed) {
    for (StoredEvent event : history) {
      if (event.stream().equals(stream)) {
        StreamMark mark = StreamMark.of(event).orElse(null);
        if (mark instanceof StreamMark.Deleted
            || (mark instanceof StreamMark.Closed && !forClosed)) {
          throw new IllegalStateException(
              "%s has ended, it takes nothing more like this: %s".formatted(stream, mark));
        }
      }
    }
  }

  private StoredEvent stored(StreamId stream, long version, long append, EncodedEvent payload) {
    var position = new Position(0, append, ChronoUnit.MICROS.between(Instant.EPOCH, now));
    return new StoredEvent(
        stream, version, position, "scenario-" + append, Metadata.empty(), payload);
  }

  @SuppressWarnings("CatchAndPrintStackTrace")
  private void fold(StoredEvent stored, Map<String, String> after, List<StoredEvent> kept) {
    var states = new StreamStates((stream, behind, limit) -> events(kept, stream, behind, limit));
    try {
      for (Source.Touch<V> touch : format.touches(stored, states, Parking.NONE)) {
        @Nullable String before = after.get(touch.key());
        @Nullable V row = touch.apply(before == null ? null : format.read(touch.key(), before));
        if (row == null) {
          after.remove(touch.key());
        } else {
          after.put(touch.key(), format.write(touch.key(), row));
          format.entries(row);
        }
      }
    } catch (RuntimeException e) {
      throw new AssertionError(
          "event %d of %s cannot be applied: %s".formatted(stored.version(), stored.stream(), e),
          e);
    }
  }

  private static List<StoredEvent> events(
      List<StoredEvent> kept, StreamId stream, long behind, int limit) {
    return kept.stream()
        .filter(event -> event.stream().equals(stream) && event.version() > behind)
        .limit(limit)
        .toList();
  }

  /**
   * Expects a row.
   *
   * @throws AssertionError if there is none, or another one
   */
  public ProjectionScenario<V> thenRow(String key, V expected) {
    @Nullable V actual = rows().get(key);
    return check(expected.equals(actual), "row '%s' is %s".formatted(key, expected));
  }

  /**
   * Expects that there is no row with this key.
   *
   * @throws AssertionError if there is one
   */
  public ProjectionScenario<V> thenNoRow(String key) {
    return check(!rows.containsKey(key), "no row '%s'".formatted(key));
  }

  /**
   * Expects exactly these rows.
   *
   * @throws AssertionError if there are others
   */
  public ProjectionScenario<V> thenRows(Map<String, V> expected) {
    return check(rows().equals(expected), "rows " + new TreeMap<>(expected));
  }

  /**
   * Expects the same rows in whatever order the events of different aggregates come, and however
   * often an event is folded: across partitions order is not defined, and a fold is repeated when
   * another worker has changed the row meanwhile. Tries 100 random orders; events of streams that
   * share a route stay in theirs.
   *
   * @throws AssertionError if rows depend on it; names a row and two events that must not change
   *     places
   * @throws IllegalStateException if a stream has a mark: what they do to rows is not a matter of
   *     folding
   */
  public ProjectionScenario<V> thenSameInAnyOrder() {
    if (history.stream().anyMatch(event -> StreamMark.of(event).isPresent())) {
      throw new IllegalStateException("orders are tried of events only, leave marks out");
    }
    new OrderProperty<>(format, history).check(sequence, ORDERS);
    return this;
  }

  /** Returns all rows, in the order of their keys, for any assertion library. */
  public Map<String, V> rows() {
    var read = new LinkedHashMap<String, V>();
    new TreeMap<>(rows).forEach((key, json) -> read.put(key, format.read(key, json)));
    return read;
  }

  private ProjectionScenario<V> check(boolean holds, String expected) {
    if (!holds) {
      throw new AssertionError("expected: %s%nactual rows: %s".formatted(expected, rows()));
    }
    return this;
  }
}
