package io.refold.eventstore;

import java.util.List;

/**
 * One append in the log of a partition: pointers to its events, not the events.
 *
 * @param position where it stands
 * @param pointers the events it wrote, in the order in which it wrote them
 */
public record LogEntry(Position position, List<Pointer> pointers) {
  /**
   * A run of events in one stream.
   *
   * @param stream the stream
   * @param firstVersion the version of the first event
   * @param count how many events, at least 1
   */
  public record Pointer(StreamId stream, long firstVersion, int count) {
    /** Returns the version of the last event. */
    public long lastVersion() {
      return firstVersion + count - 1;
    }
  }

  /** Copies the pointers. */
  public LogEntry {
    pointers = List.copyOf(pointers);
  }

  /** Returns how many events the append wrote. */
  public int events() {
    int events = 0;
    for (Pointer pointer : pointers) {
      events += pointer.count();
    }
    return events;
  }
}
