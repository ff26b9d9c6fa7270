package io.refold.eventstore;

/** What a writer knows about a stream when it appends: the condition of optimistic versioning. */
public sealed interface ExpectedVersion {
  /** No condition: the events go behind whatever is there. */
  record Any() implements ExpectedVersion {}

  /** The stream has no entry yet. */
  record NoStream() implements ExpectedVersion {}

  /**
   * The stream's last event has exactly this version.
   *
   * @param version the last version, 0 for a stream without events
   */
  record Exactly(long version) implements ExpectedVersion {
    /**
     * Checks the version.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Exactly {
      if (version < 0) {
        throw new IllegalArgumentException("expected version %d is negative".formatted(version));
      }
    }
  }

  /**
   * No condition. It costs the server more than a version does: to recognise a repeat it looks
   * through the stream's last {@value EventStore#RECOGNISED_EVENTS} events, payloads included.
   */
  static ExpectedVersion any() {
    return new Any();
  }

  /**
   * The stream must not exist. {@linkplain StreamMark Marks} are entries like events: a stream
   * whose first entry is one exists.
   */
  static ExpectedVersion noStream() {
    return new NoStream();
  }

  /**
   * The stream's last event must have exactly this version; 0 means the same as {@link #noStream}.
   *
   * @throws IllegalArgumentException if the version is negative
   */
  static ExpectedVersion exactly(long version) {
    return new Exactly(version);
  }
}
