package io.refold.projections;

import io.refold.eventstore.Position;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.store.Generations;
import io.refold.projections.store.Views;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a projection. It reads the generation that is live for the projection's version and
 * changes over by itself when a rebuild has switched: a row that was there before is never missing.
 * Thread-safe; calls block.
 *
 * <p>Rows of one call are read shard by shard, not at one moment. Every method that reads throws
 * {@link ReadModelMissingException} if this version has no rows, as {@link #awaitReady} says,
 * {@link UnreadableRowException} if a row cannot be read back, and {@link
 * StoreUnavailableException} if the store cannot be read now. That takes as long as the store waits
 * for a reply and tries again, about 20 seconds at most, also where less was asked for.
 *
 * @param <V> the rows
 */
public final class ReadModel<V> {
  /** How many rows one page may have. */
  public static final int MAX_PAGE = 10_000;

  private static final Duration TRUST = Duration.ofSeconds(1);
  private static final Duration READY_PAUSE = Duration.ofMillis(100);
  private static final int ATTEMPTS = 100;
  private static final int STREAM_PAGE = 1_000;

  private final ProjectionStore store;
  private final RowFormat<V> format;
  private volatile @Nullable Resolved resolved;

  private record Resolved(Generations.Layout layout, long nanos) {}

  ReadModel(ProjectionStore store, Projection<V> projection) {
    this.store = store;
    this.format = new RowFormat<>(projection);
  }

  /** Returns the row with this key, or empty if there is none. */
  public Optional<V> find(String key) {
    return Optional.ofNullable(findAll(List.of(key)).get(key));
  }

  /**
   * Waits until the projection has applied a position, then returns the row: what was written
   * before is seen.
   *
   * @param atLeast an append's position
   * @param timeout how long to wait at most
   * @throws NotAppliedException if it has not been applied in time, or an event of that append is
   *     parked
   * @throws HistoryLostException if the log does not hold that position
   */
  public Optional<V> find(String key, Position atLeast, Duration timeout) {
    await(atLeast, timeout).check(format.name(), atLeast, timeout);
    return find(key);
  }

  /** Returns those of these rows that exist, in the order of the keys. */
  public Map<String, V> findAll(Collection<String> keys) {
    if (keys.isEmpty()) {
      return Map.of();
    }
    return reading(layout -> {
      Map<Integer, List<String>> byShard = new HashMap<>();
      for (String key : keys) {
        byShard
            .computeIfAbsent(
                RowFormat.shard(key, layout.shape().shards()), shard -> new ArrayList<>())
            .add(key);
      }
      return store
          .views()
          .read(layout.generation(), 0, byShard, List.of())
          .map(shards -> {
            var found = new HashMap<String, Views.StoredRow>();
            shards.values().forEach(shard -> found.putAll(shard.rows()));
            var rows = new LinkedHashMap<String, V>();
            for (String key : keys) {
              Views.StoredRow row = found.get(key);
              if (row != null) {
                rows.put(key, format.read(key, row.json()));
              }
            }
            return rows;
          });
    });
  }

  /**
   * Returns the first page of all rows, in the order of their keys.
   *
   * @param limit how many rows at most, 1 to {@value #MAX_PAGE}
   */
  public Page<V> rows(int limit) {
    checkLimit(limit);
    return page(new Views.Span(null, "-", "+", false, limit), null);
  }

  /**
   * Returns the page of rows behind another one.
   *
   * @param limit how many rows at most, 1 to {@value #MAX_PAGE}
   * @param cursor {@link Page#next()} of the page before; it stays good when a rebuild switches
   * @throws IllegalArgumentException if the cursor is none, or of another version
   */
  public Page<V> rows(int limit, String cursor) {
    checkLimit(limit);
    return page(new Views.Span(null, "-", "+", false, limit), cursor);
  }

  /** Returns all rows in the order of their keys, read page by page as the stream is consumed. */
  public Stream<Row<V>> stream() {
    return Stream.iterate(
            Optional.of(rows(STREAM_PAGE)),
            Optional::isPresent,
            page -> page.flatMap(Page::next).map(next -> rows(STREAM_PAGE, next)))
        .flatMap(page -> page.orElseThrow().rows().stream());
  }

  /**
   * Returns a page of rows found by an index.
   *
   * @throws IllegalArgumentException if there is no such index, a bound is of the wrong kind, or
   *     the cursor is none or of another version
   */
  public Page<V> query(IndexQuery query) {
    return page(Pages.span(format, query), query.cursor());
  }

  /**
   * Counts the rows that a query covers, whatever its limit and cursor.
   *
   * @throws IllegalArgumentException if there is no such index, or a bound is of the wrong kind
   */
  public long count(IndexQuery query) {
    return count(Pages.span(format, query));
  }

  /** Counts all rows. */
  public long count() {
    return count(new Views.Span(null, "-", "+", false, 1));
  }

  private long count(Views.Span span) {
    return reading(layout -> {
      var counted = store.views().count(layout.generation(), layout.shape().shards(), span);
      return counted.isPresent() ? Optional.of(counted.getAsLong()) : Optional.empty();
    });
  }

  private Page<V> page(Views.Span whole, @Nullable String cursor) {
    Views.Span span =
        cursor == null ? whole : Pages.behind(whole, Pages.member(cursor, format.version()));
    return reading(layout ->
        store
            .views()
            .select(layout.generation(), layout.shape().shards(), span)
            .map(all -> {
              List<Views.Hit> hits = Pages.merge(all, span);
              var rows = new ArrayList<Row<V>>(hits.size());
              for (Views.Hit hit : hits) {
                String key = hit.key(span);
                rows.add(new Row<>(key, format.read(key, hit.json())));
              }
              return new Page<>(
                  rows,
                  hits.size() < span.limit()
                      ? Optional.empty()
                      : Optional.of(Pages.cursor(layout, hits.getLast().member())));
            }));
  }

  /**
   * Waits until the projection has applied an append.
   *
   * @param position the append's position
   * @param timeout how long to wait at most
   */
  public Awaited await(Position position, Duration timeout) {
    return Waiting.until(
        store.subscriptions(), position, timeout, again -> layout(again).generation());
  }

  /**
   * Waits until this version of the projection has rows that have caught up. The first version has
   * them at once; a later one when its workers have filled them from the first event, while others
   * read the version before.
   *
   * @param timeout how long to wait at most
   * @return false if it has none in time
   * @throws InterruptedException if the thread is interrupted
   */
  public boolean awaitReady(Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + Pause.nanos(timeout);
    while (Waiting.answered(() -> store.generations().look(format.name(), format.version()))
        .live()
        .isEmpty()) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      TimeUnit.NANOSECONDS.sleep(Math.min(left, READY_PAUSE.toNanos()));
    }
    return true;
  }

  /** Reads from the live generation; where it has just been dropped, from its successor. */
  private <T> T reading(Function<Generations.Layout, Optional<T>> read) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      boolean again = attempt > 0;
      Optional<T> result = Waiting.answered(() -> read.apply(layout(again)));
      if (result.isPresent()) {
        return result.get();
      }
      if (attempt > 0) {
        Pause.of(Duration.ofMillis(Math.min(50, attempt)));
      }
    }
    throw missing();
  }

  private Generations.Layout layout(boolean again) {
    Resolved known = resolved;
    if (known != null && !again && System.nanoTime() - known.nanos() < TRUST.toNanos()) {
      return known.layout();
    }
    long now = System.nanoTime();
    Generations.Layout layout =
        store.generations().look(format.name(), format.version()).live().orElseThrow(this::missing);
    return newer(new Resolved(layout, now));
  }

  /** A thread that was slow must not bring a generation back that another has left behind. */
  private synchronized Generations.Layout newer(Resolved found) {
    Resolved known = resolved;
    if (known == null
        || known.layout().generation().number() <= found.layout().generation().number()) {
      resolved = found;
      return found.layout();
    }
    return known.layout();
  }

  private ReadModelMissingException missing() {
    return ReadModelMissingException.of(store, format);
  }

  static void checkLimit(int limit) {
    if (limit < 1 || limit > MAX_PAGE) {
      throw new IllegalArgumentException(
          "a page has 1 to %,d rows, not %,d".formatted(MAX_PAGE, limit));
    }
  }
}
