package io.refold.eventstore;

import java.util.List;
import java.util.Map;

/** What became of an append. An append that was certainly not written throws instead. */
public sealed interface AppendResult {
  /**
   * The events are in their streams.
   *
   * @param position the append's position; for a repeat, the newest position of the partition,
   *     which is at or behind the one of the first time
   * @param versions per stream, the version of the last event that this command wrote
   * @param repeat whether the command had been written before, and nothing was written now
   * @param durability what is known of their safety, also where they had been written before
   */
  record Appended(
      Position position, Map<StreamId, Long> versions, boolean repeat, Confirmation durability)
      implements AppendResult {
    /** Copies the versions. */
    public Appended {
      versions = Map.copyOf(versions);
    }
  }

  /**
   * A stream is not at the version that the writer expected. Nothing was written.
   *
   * @param missed every stream of the append whose version differs
   */
  record Conflict(List<Missed> missed) implements AppendResult {
    /** Copies the list. */
    public Conflict {
      missed = List.copyOf(missed);
    }
  }

  /**
   * What the writer did not know about one stream.
   *
   * @param stream the stream
   * @param version its last version
   * @param events the events behind the expected version, in order; at most the first 256 of them
   *     and about a MiB for all streams of the append, so perhaps none; none where the stream is
   *     shorter than expected
   */
  record Missed(StreamId stream, long version, List<StoredEvent> events) {
    /** Copies the events. */
    public Missed {
      events = List.copyOf(events);
    }
  }

  /**
   * A stream takes no such append, now or later. Nothing was written.
   *
   * @param stream the stream
   * @param reason why
   */
  record Refused(StreamId stream, Reason reason) implements AppendResult {}

  /** Why a stream takes no append. */
  enum Reason {
    /** It was {@linkplain StreamMark.Closed closed}. */
    CLOSED,
    /** It was {@linkplain StreamMark.Deleted deleted}. */
    DELETED,
    /** The command was {@linkplain StreamMark.Cancelled cancelled} there. */
    CANCELLED
  }

  /**
   * The reply was lost: the events may have been written or not. Sending the same append again,
   * with its command id, finds out and does no harm.
   *
   * @param cause what happened to the reply
   */
  record Unknown(Throwable cause) implements AppendResult {}
}
