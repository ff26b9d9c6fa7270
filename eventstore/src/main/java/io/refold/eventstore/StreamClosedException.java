package io.refold.eventstore;

import java.io.Serial;

/** The aggregate's stream was closed or deleted, so it takes no commands. Nothing was written. */
public final class StreamClosedException extends CommandException {
  @Serial private static final long serialVersionUID = 1L;

  private final transient StreamId stream;
  private final boolean deleted;

  /**
   * Names the stream.
   *
   * @param stream the stream
   * @param deleted whether its events are gone, too
   */
  public StreamClosedException(StreamId stream, boolean deleted) {
    super(
        "%s was %s and takes no more commands (nothing was written); use another id"
            .formatted(stream, deleted ? "deleted" : "closed"),
        null);
    this.stream = stream;
    this.deleted = deleted;
  }

  /** Returns the stream. */
  public StreamId stream() {
    return stream;
  }

  /** Tells whether the events are gone, too. */
  public boolean deleted() {
    return deleted;
  }
}
