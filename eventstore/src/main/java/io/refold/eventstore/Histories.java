package io.refold.eventstore;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Reads history page by page. */
final class Histories {
  private static final int PAGE = 1_000;
  private static final int MOST_ENTRIES = 100 * PAGE; // of the logs, for one page of streams

  private Histories() {}

  static <E> Stream<Recorded<E>> of(
      EventStore store, Category<E> category, String id, long afterVersion, Instant upTo) {
    Stream<EventPage<E>> pages =
        Stream.iterate(
            new EventPage<E>(List.of(), afterVersion, false),
            page -> store.read(category, id, page.version(), PAGE));
    var ended = new boolean[1];
    return pages
        .takeWhile(page -> {
          boolean wanted = !ended[0];
          ended[0] = page.end();
          return wanted;
        })
        .flatMap(page -> page.events().stream())
        .takeWhile(recorded -> !recorded.recordedAt().isAfter(upTo));
  }

  /** A stream begins with the log entry that points to its first version. */
  static StreamPage streams(EventStore store, Category<?> category, String after, int limit) {
    Limits.checkPage(0, limit);
    Position from = after.isEmpty() ? Position.origin(0) : cursor(store, after);
    var begun = new ArrayList<LogEntry>();
    int partition = from.partition();
    long sequence = from.sequence();
    int streams = 0;
    for (int read = 0; read < MOST_ENTRIES; ) {
      List<LogEntry> page = store.readLog(partition, sequence, PAGE);
      for (LogEntry entry : page) {
        List<LogEntry.Pointer> first = first(entry, category.name());
        sequence = entry.position().sequence();
        if (!first.isEmpty()) {
          begun.add(new LogEntry(entry.position(), first));
          streams += first.size();
          if (streams >= limit) {
            return page(store, begun, Optional.of(new Position(partition, sequence, 0)));
          }
        }
      }
      read += PAGE;
      if (page.size() < PAGE) {
        partition++;
        sequence = 0;
        if (partition == store.partitions()) {
          return page(store, begun, Optional.empty());
        }
      }
    }
    return page(store, begun, Optional.of(new Position(partition, sequence, 0)));
  }

  private static List<LogEntry.Pointer> first(LogEntry entry, String category) {
    return entry.pointers().stream()
        .filter(pointer -> pointer.firstVersion() == 1)
        .filter(pointer -> pointer.stream().category().equals(category))
        .map(pointer -> new LogEntry.Pointer(pointer.stream(), 1, 1))
        .toList();
  }

  /** What is deleted has no first event any more, or has never had one. */
  private static StreamPage page(EventStore store, List<LogEntry> begun, Optional<Position> next) {
    var streams = new ArrayList<StreamId>();
    for (int first = 0; first < begun.size(); ) {
      int partition = begun.get(first).position().partition();
      int end = first;
      while (end < begun.size() && begun.get(end).position().partition() == partition) {
        end++;
      }
      store.fetch(begun.subList(first, end), category -> true).stream()
          .filter(entry -> !isMark(entry) || hasEvent(store, entry.stream()))
          .map(StoredEvent::stream)
          .forEach(streams::add);
      first = end;
    }
    return new StreamPage(streams, next.map(Position::toString));
  }

  /** Whether an event stands in a stream that begins with a mark. */
  private static boolean hasEvent(EventStore store, StreamId stream) {
    List<StoredEvent> page = store.read(stream, 1, 2);
    while (!page.isEmpty() && page.stream().allMatch(Histories::isMark)) {
      page = store.read(stream, page.getLast().version(), 100);
    }
    return !page.isEmpty();
  }

  /** Also of a kind that a newer version of this library has written. */
  private static boolean isMark(StoredEvent entry) {
    return entry.payload().type().startsWith("$");
  }

  private static Position cursor(EventStore store, String text) {
    Position cursor = Position.parse(text);
    if (cursor.partition() >= store.partitions()) {
      throw new IllegalArgumentException(
          "'%s' is no cursor of this store: it has %d partitions"
              .formatted(text, store.partitions()));
    }
    return cursor;
  }
}
