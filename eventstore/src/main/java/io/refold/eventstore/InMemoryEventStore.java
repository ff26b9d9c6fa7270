package io.refold.eventstore;

import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;

/**
 * Keeps events in memory: the readable reference of what an event store does, and a fast one for
 * tests. One lock makes every call atomic.
 */
public final class InMemoryEventStore implements EventStore {
  private final Clock clock;
  private final Map<StreamId, List<StoredEvent>> streams = new HashMap<>();
  private final List<List<LogEntry>> logs = new ArrayList<>();
  private final long[] events;

  /** Returns an empty store with 16 partitions and the system's clock. */
  public InMemoryEventStore() {
    this(16, Clock.systemUTC());
  }

  /**
   * Returns an empty store.
   *
   * @param partitions how many partitions, at least 1
   * @param clock gives the time at which events are recorded
   */
  public InMemoryEventStore(int partitions, Clock clock) {
    if (partitions < 1) {
      throw new IllegalArgumentException("a store needs at least 1 partition, not " + partitions);
    }
    this.clock = clock;
    for (int i = 0; i < partitions; i++) {
      logs.add(new ArrayList<>());
    }
    events = new long[partitions];
  }

  @Override
  public int partitions() {
    return logs.size();
  }

  @Override
  public synchronized AppendResult append(Append append) {
    int partition = partitionOf(append.writes().getFirst().stream());
    var missed = new ArrayList<AppendResult.Missed>();
    var earlier = new HashMap<StreamId, Long>();
    boolean surelyAbsent = false;
    for (Append.StreamWrite write : append.writes()) {
      List<StoredEvent> stream = stream(write.stream());
      long expected = expected(write.expected(), stream.size());
      for (StoredEvent stored : unknownToWriter(stream, write.expected(), expected)) {
        if (stored.commandId().equals(append.commandId())) {
          earlier.put(write.stream(), stored.version());
        }
      }
      long known = write.expected() instanceof ExpectedVersion.Any ? 0 : expected;
      surelyAbsent |=
          !earlier.containsKey(write.stream()) && stream.size() - known <= RECOGNISED_EVENTS;
      if (expected != stream.size()) {
        missed.add(missed(write.stream(), stream, expected));
      }
    }
    if (!earlier.isEmpty() && surelyAbsent) {
      throw new IllegalArgumentException(
          "command id '%s' stands in %s already, from another append: one command id, one append"
              .formatted(append.commandId(), earlier.keySet().iterator().next()));
    }
    if (!earlier.isEmpty()) {
      return new AppendResult.Appended(head(partition).position(), earlier, true);
    }
    if (!missed.isEmpty()) {
      return new AppendResult.Conflict(missed);
    }
    return write(append, partition);
  }

  private AppendResult write(Append append, int partition) {
    List<LogEntry> log = logs.get(partition);
    var position =
        new Position(
            partition, log.size() + 1L, ChronoUnit.MICROS.between(Instant.EPOCH, clock.instant()));
    var pointers = new ArrayList<LogEntry.Pointer>();
    var versions = new HashMap<StreamId, Long>();
    for (Append.StreamWrite write : append.writes()) {
      List<StoredEvent> stream = streams.computeIfAbsent(write.stream(), id -> new ArrayList<>());
      pointers.add(new LogEntry.Pointer(write.stream(), stream.size() + 1L, write.events().size()));
      for (EncodedEvent event : write.events()) {
        stream.add(
            new StoredEvent(
                write.stream(),
                stream.size() + 1L,
                position,
                append.commandId(),
                append.metadata(),
                event));
      }
      events[partition] += write.events().size();
      versions.put(write.stream(), (long) stream.size());
    }
    log.add(new LogEntry(position, pointers));
    return new AppendResult.Appended(position, versions, false);
  }

  @Override
  public synchronized List<StoredEvent> read(StreamId stream, long afterVersion, int limit) {
    return page(stream(stream), afterVersion, limit);
  }

  @Override
  public synchronized List<LogEntry> readLog(int partition, long afterSequence, int limit) {
    return page(logs.get(Objects.checkIndex(partition, partitions())), afterSequence, limit);
  }

  @Override
  public synchronized List<StoredEvent> fetch(
      Collection<LogEntry> entries, Predicate<String> categories) {
    var found = new ArrayList<StoredEvent>();
    for (LogEntry entry : entries) {
      for (LogEntry.Pointer pointer : entry.pointers()) {
        if (categories.test(pointer.stream().category())) {
          List<StoredEvent> stream = stream(pointer.stream());
          int first = (int) pointer.firstVersion() - 1;
          found.addAll(
              stream.subList(
                  Math.min(first, stream.size()),
                  Math.min(first + pointer.count(), stream.size())));
        }
      }
    }
    return found;
  }

  @Override
  public synchronized LogHead head(int partition) {
    List<LogEntry> log = logs.get(Objects.checkIndex(partition, partitions()));
    Position last = log.isEmpty() ? Position.origin(partition) : log.getLast().position();
    return new LogHead(last, events[partition]);
  }

  /** Does nothing: memory needs no release. */
  @Override
  public void close() {}

  private List<StoredEvent> stream(StreamId stream) {
    return streams.getOrDefault(stream, List.of());
  }

  private static long expected(ExpectedVersion expected, long actual) {
    return switch (expected) {
      case ExpectedVersion.Any any -> actual;
      case ExpectedVersion.NoStream none -> 0;
      case ExpectedVersion.Exactly(long version) -> version;
    };
  }

  private static List<StoredEvent> unknownToWriter(
      List<StoredEvent> stream, ExpectedVersion condition, long expected) {
    long known = condition instanceof ExpectedVersion.Any ? 0 : expected;
    long first = Math.max(known, stream.size() - (long) RECOGNISED_EVENTS);
    return stream.subList((int) Math.min(first, stream.size()), stream.size());
  }

  private static AppendResult.Missed missed(StreamId id, List<StoredEvent> stream, long expected) {
    return new AppendResult.Missed(id, stream.size(), page(stream, expected, RECOGNISED_EVENTS));
  }

  private static <T> List<T> page(List<T> all, long after, int limit) {
    if (after < 0 || limit < 1 || limit > MAX_PAGE) {
      throw new IllegalArgumentException(
          "a page starts behind 0 or more and has 1 to %d items, not: after %d, limit %d"
              .formatted(MAX_PAGE, after, limit));
    }
    int from = (int) Math.min(after, all.size());
    return List.copyOf(all.subList(from, Math.min(from + limit, all.size())));
  }
}
