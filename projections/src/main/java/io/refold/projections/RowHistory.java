package io.refold.projections;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.projections.store.Parking;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Folds a row keyed by stream afresh, from its first event to a mark, out of what can be read now.
 * The row of an id has the events of all streams with this id that the projection folds; they share
 * a route, so the log has one order for them.
 *
 * <p>Streams are read page by page, each as far as the mark's place in the log. A stream that has
 * been deleted since counts as empty from there on: its deletion stands further along in the log,
 * and the row is folded afresh there. Not thread-safe.
 */
final class RowHistory<V> {
  private static final int PAGE = 1_000;

  private final EventStore store;
  private final RowFormat<V> format;
  private final StoredEvent mark;
  private final Parking parking;
  private final StreamStates states;
  private final List<Cursor> cursors = new ArrayList<>();
  private @Nullable LogEntry tied;

  /**
   * Prepares to fold.
   *
   * @param mark the mark up to which
   * @param parking what is left out
   */
  RowHistory(EventStore store, RowFormat<V> format, StoredEvent mark, Parking parking) {
    this.store = store;
    this.format = format;
    this.mark = mark;
    this.parking = parking;
    this.states = new StreamStates(store::read);
  }

  /**
   * Returns the row as it is right before the mark; null if there is none.
   *
   * @throws EventFailure if an event cannot be read or folded
   * @throws MissingEvents if a stream has a gap
   */
  @Nullable V fold() throws EventFailure, MissingEvents {
    for (String category : format.byStream()) {
      var stream = new StreamId(category, mark.stream().id());
      boolean own = stream.equals(mark.stream());
      if (!own || !Resolver.isDeletion(mark)) {
        cursors.add(new Cursor(stream, own ? mark.version() - 1 : 0));
      }
    }
    @Nullable V row = null;
    for (Cursor first = first(); first != null; first = first()) {
      row = apply(row, first.next());
      first.advance();
    }
    return row;
  }

  @SuppressWarnings("CatchFail") // whatever a user's code throws is the event's failure
  private @Nullable V apply(@Nullable V row, StoredEvent event) throws EventFailure {
    if (parking.parks(event) || parking.drops(event)) {
      return row;
    }
    try {
      return format.fold(row, event, states, parking);
    } catch (Throwable e) {
      throw EventFailure.of(event, e);
    }
  }

  /** Returns the stream whose next event stands first in the log; null at the end of all. */
  private @Nullable Cursor first() throws MissingEvents {
    Cursor first = null;
    for (Cursor cursor : cursors) {
      if (!cursor.ended() && (first == null || precedes(cursor.next(), first.next()))) {
        first = cursor;
      }
    }
    return first;
  }

  private boolean precedes(StoredEvent one, StoredEvent other) throws MissingEvents {
    long sequence = one.position().sequence();
    return sequence == other.position().sequence()
        ? place(one) < place(other)
        : sequence < other.position().sequence();
  }

  /** Returns which of the writes of its append an event belongs to; only the log tells. */
  private int place(StoredEvent event) throws MissingEvents {
    LogEntry append = tied;
    if (append == null || !append.position().equals(event.position())) {
      append =
          store.readLog(event.position().partition(), event.position().sequence() - 1, 1).stream()
              .findFirst()
              .filter(read -> read.position().equals(event.position()))
              .orElseThrow(
                  () -> new MissingEvents(Map.of(event.stream(), List.of(event.version()))));
      tied = append;
    }
    return append.pointers().stream()
        .map(LogEntry.Pointer::stream)
        .toList()
        .indexOf(event.stream());
  }

  /** Walks along one stream, up to the mark's place in the log. */
  private final class Cursor {
    private final StreamId stream;
    private final long through;
    private Iterator<StoredEvent> page = Collections.emptyIterator();
    private boolean more = true;
    private long version;
    private @Nullable StoredEvent next;

    /**
     * Goes to the first event.
     *
     * @param through the version that the stream must reach
     */
    Cursor(StreamId stream, long through) throws MissingEvents {
      this.stream = stream;
      this.through = through;
      advance();
    }

    boolean ended() {
      return next == null;
    }

    StoredEvent next() {
      if (next == null) {
        throw new IllegalStateException(stream + " has ended");
      }
      return next;
    }

    void advance() throws MissingEvents {
      next = null;
      if (!page.hasNext() && more) {
        List<StoredEvent> read = store.read(stream, version, PAGE);
        more = read.size() == PAGE;
        page = read.iterator();
      }
      if (!page.hasNext()) {
        check(through + 1);
        return;
      }
      StoredEvent event = page.next();
      if (Resolver.isDeletion(event)) {
        return;
      }
      check(event.version());
      if (event.position().sequence() < mark.position().sequence()) {
        version = event.version();
        next = event;
      }
    }

    private void check(long following) throws MissingEvents {
      if (following > version + 1) {
        throw new MissingEvents(
            Map.of(stream, LongStream.range(version + 1, following).boxed().toList()));
      }
    }
  }
}
