package io.refold.projections;

import io.refold.eventstore.Category;
import io.refold.eventstore.EncodedEvent;
import io.refold.eventstore.Metadata;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.LinkedHashMap;
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

  private final RowFormat<V> format;
  private final Map<String, String> rows;
  private final Map<StreamId, Long> versions;
  private final long sequence;
  private final Instant now;

  private ProjectionScenario(
      RowFormat<V> format,
      Map<String, String> rows,
      Map<StreamId, Long> versions,
      long sequence,
      Instant now) {
    this.format = format;
    this.rows = rows;
    this.versions = versions;
    this.sequence = sequence;
    this.now = now;
  }

  /**
   * Starts without rows.
   *
   * @throws IllegalArgumentException if the projection is not valid
   */
  public static <V> ProjectionScenario<V> of(Projection<V> projection) {
    return new ProjectionScenario<>(new RowFormat<>(projection), Map.of(), Map.of(), 0, NOW);
  }

  /** Sets the time at which the events that follow are recorded. */
  public ProjectionScenario<V> at(Instant time) {
    return new ProjectionScenario<>(format, rows, versions, sequence, time);
  }

  /**
   * Appends events to a stream and folds them.
   *
   * @throws AssertionError if an event or a row cannot be folded, written or read back
   */
  @SafeVarargs
  public final <E> ProjectionScenario<V> given(Category<E> category, String id, E... events) {
    var after = new HashMap<>(rows);
    var counted = new HashMap<>(versions);
    StreamId stream = category.stream(id);
    long append = sequence + 1;
    for (E event : events) {
      long version = counted.merge(stream, 1L, Long::sum);
      EncodedEvent payload = category.codec().encode(stream, event);
      var position = new Position(0, append, ChronoUnit.MICROS.between(Instant.EPOCH, now));
      var stored =
          new StoredEvent(
              stream, version, position, "scenario-" + append, Metadata.empty(), payload);
      fold(stored, after);
    }
    return new ProjectionScenario<>(format, after, counted, append, now);
  }

  @SuppressWarnings("CatchAndPrintStackTrace")
  private void fold(StoredEvent stored, Map<String, String> after) {
    try {
      for (Source<V> source : format.sources()) {
        if (source.category().equals(stored.stream().category())) {
          for (Source.Touch<V> touch : source.touches(stored)) {
            @Nullable String before = after.get(touch.key());
            @Nullable V row = touch.apply(before == null ? null : format.read(touch.key(), before));
            if (row == null) {
              after.remove(touch.key());
            } else {
              after.put(touch.key(), format.write(touch.key(), row));
              format.entries(row);
            }
          }
        }
      }
    } catch (RuntimeException e) {
      throw new AssertionError(
          "event %d of %s cannot be applied: %s".formatted(stored.version(), stored.stream(), e),
          e);
    }
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
