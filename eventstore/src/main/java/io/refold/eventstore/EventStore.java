package io.refold.eventstore;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the events of aggregates in streams, and the appends of each partition in a log.
 *
 * <p>Guarantees of every implementation: the versions of a stream are 1..n without gap; an append
 * is written whole, with its log entry, or not at all; a log's sequences are 1..n without gap; what
 * has been written is never changed. Implementations are thread-safe; all calls block.
 */
public interface EventStore extends AutoCloseable {
  /** How many events or entries one call may ask for. */
  int MAX_PAGE = 10_000;

  /** How many events back in a stream a repeated command is recognised. */
  int RECOGNISED_EVENTS = 256;

  /** Returns how many partitions the store has: fixed when it was created. */
  int partitions();

  /** Returns the partition that holds a stream. */
  default int partitionOf(StreamId stream) {
    return stream.partition(partitions());
  }

  /**
   * Appends events to one stream, or to several of one route, all or none. Atomic. Sending the same
   * append again is safe: as long as fewer than 256 events have been written to the stream since,
   * it is recognised by its command id and answered as {@linkplain AppendResult.Appended#repeat() a
   * repeat}.
   *
   * <p>What was certainly not executed is sent again for a few seconds; not so where an exact
   * version is expected and a connection was lost: the server may have come back with another
   * history, in which that version means something else.
   *
   * <p>Recognition looks at the events that the writer did not know: those behind the expected
   * version, or the last 256 where it expects {@linkplain ExpectedVersion#any() any}.
   *
   * <p>It is answered when its {@linkplain Append#durability() level} is reached, or the time for
   * that is over. Which of them is told by {@link AppendResult.Appended#durability()}: a level that
   * is not reached, or of which no answer came, is never a failure to write.
   *
   * @return appended, conflict, or unknown where the reply was lost
   * @throws StoreMisconfiguredException if the servers cannot reach its level; nothing was written
   * @throws IllegalArgumentException if the command id stands there already from a mark, or in one
   *     of several streams from another append
   * @throws EventNotStorableException if it exceeds the store's {@link Limits}; nothing was sent
   * @throws StoreUnavailableException if the store cannot be written to now; nothing was written
   */
  AppendResult append(Append append);

  /**
   * Marks a stream: closes or deletes it, or says what has become of its data. Atomic, with its
   * entry in the log. Repeating it is safe: closing a closed stream, deleting a deleted one, or
   * setting another mark again under the same command id is answered as a repeat.
   *
   * <p>A deleted stream keeps only its mark, and takes no other. A closed one can still be deleted,
   * and its data forgotten.
   *
   * @param expected conflicts where the stream is at another version
   * @param commandId identifies the mark; for {@link StreamMark.Cancelled}, the command that is
   *     cancelled: a repeat then says that its events are in the stream
   * @return appended, conflict, refused, or unknown where the reply was lost
   * @throws IllegalArgumentException if a mark that does not end the stream has the command id of
   *     an event, or of a mark of another kind; not so where a command is cancelled that has
   *     written
   * @throws StoreUnavailableException if the store cannot be written to now; nothing was written
   */
  AppendResult mark(StreamId stream, StreamMark mark, ExpectedVersion expected, String commandId);

  /**
   * Waits until what a stream's partition holds now has reached a level, or the time for that is
   * over; where nothing is to be waited for, makes no call.
   *
   * @param durability the level; null for the store's own
   * @throws StoreMisconfiguredException if the servers cannot reach that level
   */
  Confirmation confirm(StreamId stream, @Nullable Durability durability);

  /** Returns where the snapshots of this store's streams are kept. */
  SnapshotStore snapshots();

  /**
   * Closes a stream: it keeps its events and takes no more.
   *
   * @see #mark
   */
  default AppendResult close(StreamId stream, ExpectedVersion expected) {
    return mark(stream, new StreamMark.Closed(), expected, CommandIds.random());
  }

  /**
   * Deletes the events of a stream, and its snapshot. The stream remains as a mark, so that its id
   * cannot start again unnoticed.
   *
   * @see #mark
   */
  default AppendResult delete(StreamId stream, ExpectedVersion expected) {
    return mark(stream, new StreamMark.Deleted(), expected, CommandIds.random());
  }

  /**
   * Reads stored events of one stream.
   *
   * @param afterVersion reads the events behind this version; 0 reads from the first
   * @param limit how many at most, 1 to {@value #MAX_PAGE}
   * @return in version order; fewer than {@code limit} means that the stream ended there
   * @throws StoreUnavailableException if the store cannot be read now
   */
  List<StoredEvent> read(StreamId stream, long afterVersion, int limit);

  /**
   * Reads a page of a stream's events.
   *
   * @param afterVersion reads the events behind this version; 0 reads from the first
   * @param limit how many stored events at most, 1 to {@value #MAX_PAGE}
   * @throws UnreadableEventException if an event cannot be decoded
   * @throws StoreUnavailableException if the store cannot be read now
   */
  default <E> EventPage<E> read(Category<E> category, String id, long afterVersion, int limit) {
    List<StoredEvent> stored = read(category.stream(id), afterVersion, limit);
    var events = new ArrayList<Recorded<E>>(stored.size());
    for (StoredEvent event : stored) {
      events.addAll(category.read(event));
    }
    long last = stored.isEmpty() ? afterVersion : stored.getLast().version();
    return new EventPage<>(events, last, stored.size() < limit);
  }

  /**
   * Returns the events of an aggregate from its first one on.
   *
   * @see #history(Category, String, long, Instant)
   */
  default <E> Stream<Recorded<E>> history(Category<E> category, String id) {
    return history(category, id, 0, Instant.MAX);
  }

  /**
   * Returns the events of an aggregate behind a version and up to a time. They are read in pages as
   * the stream is consumed, which throws as {@link #read(Category, String, long, int)} does.
   *
   * @param afterVersion 0 begins with the first event
   * @param upTo the first event that was recorded later, by the server's clock, ends the stream
   */
  default <E> Stream<Recorded<E>> history(
      Category<E> category, String id, long afterVersion, Instant upTo) {
    return Histories.of(this, category, id, afterVersion, upTo);
  }

  /**
   * Lists streams of a category, in the order in which they began within each partition. Left out
   * are those that were deleted, and those that have marks but no event. It reads the logs: time
   * grows with the number of appends, not of streams.
   *
   * @param after the cursor of the page before; empty for the first page
   * @param limit how many streams the page should have, 1 to {@value #MAX_PAGE}; it may have a few
   *     more, or fewer, even none, before the end
   * @throws IllegalArgumentException if the cursor is not one of this store's, or the limit is out
   *     of range
   * @throws StoreUnavailableException if the store cannot be read now
   */
  default StreamPage streams(Category<?> category, String after, int limit) {
    return Histories.streams(this, category, after, limit);
  }

  /**
   * Reads a page of a partition's log.
   *
   * @param afterSequence reads the entries behind this sequence; 0 reads from the first
   * @param limit how many entries at most, 1 to {@value #MAX_PAGE}
   * @return in log order; fewer than {@code limit} means that the log ended there
   * @throws StoreUnavailableException if the store cannot be read now
   */
  List<LogEntry> readLog(int partition, long afterSequence, int limit);

  /**
   * Fetches the events that log entries point to, in log order.
   *
   * @param entries entries of one partition, in log order
   * @param categories which categories' events are wanted
   * @return the events that are still there; one that is gone is missing from the list
   * @throws StoreUnavailableException if the store cannot be read now
   */
  List<StoredEvent> fetch(Collection<LogEntry> entries, Predicate<String> categories);

  /**
   * Returns the end of a partition's log.
   *
   * @throws StoreUnavailableException if the store cannot be read now
   */
  LogHead head(int partition);

  /**
   * Returns how often, since it was opened, this store has lost a connection or a reply. What was
   * read before such a disruption may not be history any more, where a server has come back or been
   * replaced without its last events. For caches.
   */
  long disruptions();

  /** Releases connections. Calls under way fail; nothing that was acknowledged is lost. */
  @Override
  void close();
}
