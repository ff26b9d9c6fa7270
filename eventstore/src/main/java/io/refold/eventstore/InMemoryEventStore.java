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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Keeps events in memory: the readable reference of what an event store does, and a fast one for
 * tests. One lock makes every call atomic.
 *
 * <p>Memory has neither disk nor replicas; the store plays a server that reaches every level of
 * {@link Durability} at once, or, where it {@linkplain #confirming(boolean) should}, one that never
 * does in time.
 */
public final class InMemoryEventStore implements EventStore {
  private final Clock clock;
  private final Limits limits;
  private final Map<StreamId, Stream> streams = new HashMap<>();
  private final Map<StreamId, SnapshotStore.Snapshot> snapshots = new HashMap<>();
  private final List<List<LogEntry>> logs = new ArrayList<>();
  private final long[] events;
  private boolean confirming = true;

  /** One stream: its events, and why it takes no more of them, if so. */
  private static final class Stream {
    private final List<StoredEvent> events = new ArrayList<>();
    private long deleted; // how many of the first events are gone
    private AppendResult.@Nullable Reason ended;

    long version() {
      return deleted + events.size();
    }

    /** The events behind a version. */
    List<StoredEvent> behind(long version) {
      int from = Math.clamp(version - deleted, 0, events.size());
      return events.subList(from, events.size());
    }
  }

  /** Returns an empty store with 16 partitions and the system's clock. */
  public InMemoryEventStore() {
    this(16, Clock.systemUTC(), Limits.defaults());
  }

  /**
   * Returns an empty store.
   *
   * @param partitions how many partitions, at least 1
   * @param clock gives the time at which events are recorded
   * @param limits how much an append may carry
   */
  public InMemoryEventStore(int partitions, Clock clock, Limits limits) {
    if (partitions < 1) {
      throw new IllegalArgumentException("a store needs at least 1 partition, not " + partitions);
    }
    this.clock = clock;
    this.limits = limits;
    for (int i = 0; i < partitions; i++) {
      logs.add(new ArrayList<>());
    }
    events = new long[partitions];
  }

  /**
   * Makes the store report levels above memory as reached, or as not reached, from now on: to test
   * what a program does then. At first they are reached.
   */
  public synchronized InMemoryEventStore confirming(boolean reached) {
    confirming = reached;
    return this;
  }

  @Override
  public synchronized Confirmation confirm(StreamId stream, @Nullable Durability durability) {
    Durability asked = durability == null ? Durability.memory() : durability;
    if (!confirming) {
      return Confirmation.unknown(asked);
    }
    return switch (asked) {
      case Durability.Memory memory -> Confirmation.memory();
      case Durability.Fsync fsync -> new Confirmation(fsync, true, true, 0);
      case Durability.Replicas replicas ->
          new Confirmation(replicas, true, false, replicas.number());
    };
  }

  @Override
  public int partitions() {
    return logs.size();
  }

  @Override
  public synchronized AppendResult append(Append append) {
    limits.check(append);
    int partition = partitionOf(append.writes().getFirst().stream());
    var missed = new ArrayList<AppendResult.Missed>();
    var earlier = new HashMap<StreamId, Long>();
    AppendResult.@Nullable Refused refused = null;
    boolean surelyAbsent = false;
    for (Append.StreamWrite write : append.writes()) {
      Stream stream = stream(write.stream());
      long expected = expected(write.expected(), stream.version());
      long known = write.expected() instanceof ExpectedVersion.Any ? 0 : expected;
      StoredEvent same = lastOf(append.commandId(), stream, known);
      if (same != null && isOf(StreamMark.Cancelled.class, same)) {
        return new AppendResult.Refused(write.stream(), AppendResult.Reason.CANCELLED);
      }
      if (same != null && isOf(StreamMark.class, same)) {
        throw append.misuse(write.stream());
      }
      if (same != null) {
        earlier.put(write.stream(), same.version());
      } else if (stream.ended != AppendResult.Reason.DELETED) {
        surelyAbsent |= stream.version() - known <= RECOGNISED_EVENTS;
      }
      if (stream.ended != null && refused == null) {
        refused = new AppendResult.Refused(write.stream(), stream.ended);
      }
      if (expected != stream.version()) {
        missed.add(missed(write.stream(), stream, expected));
      }
    }
    if (!earlier.isEmpty() && surelyAbsent) {
      throw append.misuse(earlier.keySet().iterator().next());
    }
    if (!earlier.isEmpty()) {
      StreamId stream = append.writes().getFirst().stream();
      return new AppendResult.Appended(
          head(partition).position(), earlier, true, confirm(stream, append.durability()));
    }
    if (refused != null) {
      return refused;
    }
    if (!missed.isEmpty()) {
      return new AppendResult.Conflict(missed);
    }
    return write(append, partition);
  }

  private AppendResult.Appended write(Append append, int partition) {
    List<LogEntry> log = logs.get(partition);
    var position =
        new Position(
            partition, log.size() + 1L, ChronoUnit.MICROS.between(Instant.EPOCH, clock.instant()));
    var pointers = new ArrayList<LogEntry.Pointer>();
    var versions = new HashMap<StreamId, Long>();
    for (Append.StreamWrite write : append.writes()) {
      Stream stream = streams.computeIfAbsent(write.stream(), id -> new Stream());
      pointers.add(
          new LogEntry.Pointer(write.stream(), stream.version() + 1, write.events().size()));
      for (EncodedEvent event : write.events()) {
        stream.events.add(
            new StoredEvent(
                write.stream(),
                stream.version() + 1,
                position,
                append.commandId(),
                append.metadata(),
                event));
      }
      events[partition] += write.events().size();
      versions.put(write.stream(), stream.version());
    }
    log.add(new LogEntry(position, pointers));
    StreamId stream = append.writes().getFirst().stream();
    return new AppendResult.Appended(
        position, versions, false, confirm(stream, append.durability()));
  }

  @Override
  public synchronized AppendResult mark(
      StreamId id, StreamMark mark, ExpectedVersion expected, String commandId) {
    Stream stream = stream(id);
    AppendResult.@Nullable Reason ending = ending(mark);
    if (ending != null && ending == stream.ended) {
      return repeat(id, stream.version());
    }
    long known = expected(expected, stream.version());
    var write = new Append.StreamWrite(id, ExpectedVersion.exactly(known), List.of(mark.encoded()));
    var append = new Append(List.of(write), commandId, Metadata.empty());
    StoredEvent same = ending == null ? lastOf(commandId, stream, 0) : null;
    if (same != null) {
      boolean written = mark instanceof StreamMark.Cancelled && !isOf(StreamMark.class, same);
      if (!written && !isOf(mark.getClass(), same)) {
        throw append.misuse(id);
      }
      return repeat(id, same.version());
    }
    boolean takesNone =
        stream.ended == AppendResult.Reason.DELETED || mark instanceof StreamMark.Cancelled;
    if (stream.ended != null && takesNone) {
      return new AppendResult.Refused(id, stream.ended);
    }
    if (known != stream.version()) {
      return new AppendResult.Conflict(List.of(missed(id, stream, known)));
    }
    var appended = write(append, partitionOf(id));
    Stream marked = Objects.requireNonNull(streams.get(id));
    if (ending != null) {
      marked.ended = ending;
    }
    if (ending == AppendResult.Reason.DELETED) {
      marked.deleted = marked.version() - 1;
      marked.events.subList(0, marked.events.size() - 1).clear();
    }
    if (mark instanceof StreamMark.Deleted || mark instanceof StreamMark.Forgotten) {
      snapshots.remove(id);
    }
    return appended;
  }

  private AppendResult.Appended repeat(StreamId id, long version) {
    return new AppendResult.Appended(
        head(partitionOf(id)).position(), Map.of(id, version), true, confirm(id, null));
  }

  private static AppendResult.@Nullable Reason ending(StreamMark mark) {
    return switch (mark) {
      case StreamMark.Closed closed -> AppendResult.Reason.CLOSED;
      case StreamMark.Deleted deleted -> AppendResult.Reason.DELETED;
      case StreamMark.Forgotten forgotten -> null;
      case StreamMark.Cancelled cancelled -> null;
    };
  }

  @Override
  public synchronized List<StoredEvent> read(StreamId stream, long afterVersion, int limit) {
    Limits.checkPage(afterVersion, limit);
    return first(stream(stream).behind(afterVersion), limit);
  }

  @Override
  public synchronized List<LogEntry> readLog(int partition, long afterSequence, int limit) {
    Limits.checkPage(afterSequence, limit);
    List<LogEntry> log = logs.get(Objects.checkIndex(partition, partitions()));
    return first(log.subList((int) Math.min(afterSequence, log.size()), log.size()), limit);
  }

  @Override
  public synchronized List<StoredEvent> fetch(
      Collection<LogEntry> entries, Predicate<String> categories) {
    var found = new ArrayList<StoredEvent>();
    for (LogEntry entry : entries) {
      for (LogEntry.Pointer pointer : entry.pointers()) {
        if (categories.test(pointer.stream().category())) {
          stream(pointer.stream()).behind(pointer.firstVersion() - 1).stream()
              .takeWhile(event -> event.version() <= pointer.lastVersion())
              .forEach(found::add);
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

  @Override
  public SnapshotStore snapshots() {
    return new Snapshots();
  }

  private final class Snapshots implements SnapshotStore {
    @Override
    public Loading load(StreamId id, String fingerprint, int limit) {
      synchronized (InMemoryEventStore.this) {
        Snapshot snapshot = snapshots.get(id);
        if (snapshot == null) {
          return new Loading(null, null, read(id, 0, limit));
        }
        if (!snapshot.fingerprint().equals(fingerprint)) {
          String ignored = "it is of another shape of state, " + snapshot.fingerprint();
          return new Loading(null, ignored, read(id, 0, limit));
        }
        if (!holds(stream(id), snapshot)) {
          String ignored = "its event %d is not in the stream".formatted(snapshot.version());
          return new Loading(null, ignored, read(id, 0, limit));
        }
        return new Loading(snapshot, null, read(id, snapshot.version() - 1, limit));
      }
    }

    @Override
    public CompletionStage<Boolean> save(StreamId id, Snapshot snapshot) {
      synchronized (InMemoryEventStore.this) {
        Stream stream = stream(id);
        Snapshot there = snapshots.get(id);
        boolean saved =
            holds(stream, snapshot)
                && stream.version() - snapshot.version() <= RECOGNISED_EVENTS
                && !forgottenBehind(stream, snapshot.version())
                && (there == null
                    || there.version() <= snapshot.version()
                    || !holds(stream, there));
        if (saved) {
          snapshots.put(id, snapshot);
        }
        return CompletableFuture.completedFuture(saved);
      }
    }
  }

  private static boolean forgottenBehind(Stream stream, long version) {
    return stream.behind(version).stream()
        .anyMatch(event -> isOf(StreamMark.Forgotten.class, event));
  }

  private static boolean holds(Stream stream, SnapshotStore.Snapshot snapshot) {
    return stream.behind(snapshot.version() - 1).stream()
        .findFirst()
        .filter(event -> event.version() == snapshot.version())
        .filter(event -> event.position().equals(snapshot.position()))
        .isPresent();
  }

  /** Returns 0: memory has no connections. */
  @Override
  public long disruptions() {
    return 0;
  }

  /** Does nothing: memory needs no release. */
  @Override
  public void close() {}

  private Stream stream(StreamId id) {
    return streams.getOrDefault(id, new Stream());
  }

  private static long expected(ExpectedVersion expected, long actual) {
    return switch (expected) {
      case ExpectedVersion.Any any -> actual;
      case ExpectedVersion.NoStream none -> 0;
      case ExpectedVersion.Exactly(long version) -> version;
    };
  }

  /** The last event of a command among those a writer does not know, at most the last 256. */
  private static @Nullable StoredEvent lastOf(String commandId, Stream stream, long known) {
    StoredEvent last = null;
    for (StoredEvent event : stream.behind(Math.max(known, stream.version() - RECOGNISED_EVENTS))) {
      if (event.commandId().equals(commandId)) {
        last = event;
      }
    }
    return last;
  }

  private static boolean isOf(Class<? extends StreamMark> mark, StoredEvent event) {
    return StreamMark.of(event).filter(mark::isInstance).isPresent();
  }

  private static AppendResult.Missed missed(StreamId id, Stream stream, long expected) {
    return new AppendResult.Missed(
        id, stream.version(), first(stream.behind(expected), RECOGNISED_EVENTS));
  }

  private static <T> List<T> first(List<T> all, int limit) {
    return List.copyOf(all.subList(0, Math.min(limit, all.size())));
  }
}
