package io.refold.eventstore;

import java.time.Instant;

/**
 * An event with where and when it was recorded.
 *
 * @param stored the stored event it was read from
 * @param event the event
 * @param <E> the events of the category
 */
public record Recorded<E>(StoredEvent stored, E event) {
  /** Returns the stream it belongs to. */
  public StreamId stream() {
    return stored.stream();
  }

  /** Returns the aggregate's id, {@code stream().id()}. */
  public String id() {
    return stored.stream().id();
  }

  /** Returns its place in the stream, from 1 without gap. */
  public long version() {
    return stored.version();
  }

  /** Returns the append that wrote it. */
  public Position position() {
    return stored.position();
  }

  /** Returns when it was recorded, by the server's clock. */
  public Instant recordedAt() {
    return stored.position().recordedAt();
  }

  /** Returns the id of the command that caused it. */
  public String commandId() {
    return stored.commandId();
  }

  /** Returns what its writer added. */
  public Metadata metadata() {
    return stored.metadata();
  }
}
