package io.refold.eventstore;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;

/**
 * What a decision may know besides command and state. It is the same in every attempt, but for the
 * version.
 *
 * @param stream the aggregate's stream
 * @param version the version of the state, 0 for a new aggregate
 * @param commandId the command's id
 * @param now when the command arrived, fixed across retries of one call
 */
public record Context(StreamId stream, long version, String commandId, Instant now) {
  /** Returns the aggregate's id, {@code stream().id()}. */
  public String id() {
    return stream.id();
  }

  /**
   * Returns an id derived from the command id, so that deciding a command again gives the same one:
   * the name-based (version 3) UUID of {@code commandId/purpose}.
   *
   * @param purpose tells several ids of one command apart
   */
  public UUID derivedId(String purpose) {
    return UUID.nameUUIDFromBytes((commandId + "/" + purpose).getBytes(StandardCharsets.UTF_8));
  }
}
