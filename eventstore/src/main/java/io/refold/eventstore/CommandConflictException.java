package io.refold.eventstore;

/**
 * Other writers were faster, or the stream is not at the version the caller insisted on. Nothing
 * was written; load again and decide anew.
 */
public final class CommandConflictException extends CommandException {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // a record of strings, kept for the handler of this very exception
  private final transient StreamId stream;

  private final long expected;
  private final long actual;

  /**
   * Names the stream.
   *
   * @param stream the stream
   * @param expected the version on which the command was based
   * @param actual the stream's last version
   * @param attempts how often the command was decided
   */
  public CommandConflictException(StreamId stream, long expected, long actual, int attempts) {
    super(
        "%s is at version %d, not %d (decided %d times, nothing was written): load it again and decide anew"
            .formatted(stream, actual, expected, attempts),
        null);
    this.stream = stream;
    this.expected = expected;
    this.actual = actual;
  }

  /** Returns the stream. */
  public StreamId stream() {
    return stream;
  }

  /** Returns the version on which the command was based. */
  public long expected() {
    return expected;
  }

  /** Returns the stream's last version as far as it is known. */
  public long actual() {
    return actual;
  }
}
