package io.refold.eventstore;

import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Passes everything on, so that a test can change one thing. */
class ForwardingStore implements EventStore {
  private final EventStore target;

  ForwardingStore(EventStore target) {
    this.target = target;
  }

  @Override
  public int partitions() {
    return target.partitions();
  }

  @Override
  public AppendResult append(Append append) {
    return target.append(append);
  }

  @Override
  public Confirmation confirm(StreamId stream, @Nullable Durability durability) {
    return target.confirm(stream, durability);
  }

  @Override
  public AppendResult mark(
      StreamId stream, StreamMark mark, ExpectedVersion expected, String commandId) {
    return target.mark(stream, mark, expected, commandId);
  }

  @Override
  public SnapshotStore snapshots() {
    return target.snapshots();
  }

  @Override
  public List<StoredEvent> read(StreamId stream, long afterVersion, int limit) {
    return target.read(stream, afterVersion, limit);
  }

  @Override
  public List<LogEntry> readLog(int partition, long afterSequence, int limit) {
    return target.readLog(partition, afterSequence, limit);
  }

  @Override
  public List<StoredEvent> fetch(Collection<LogEntry> entries, Predicate<String> categories) {
    return target.fetch(entries, categories);
  }

  @Override
  public LogHead head(int partition) {
    return target.head(partition);
  }

  @Override
  public long disruptions() {
    return target.disruptions();
  }

  @Override
  public void close() {}
}
