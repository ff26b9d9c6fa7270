package io.refold.projections.store;

import io.refold.eventstore.StreamId;
import java.time.Instant;

/**
 * A stream of which a projection applies nothing from some event on, because that one fails.
 *
 * @param stream the stream
 * @param version the version of the failing event, the first that waits
 * @param error why it fails: event, position and exception
 * @param attempts how often it has been tried in all, first attempts and retries
 * @param since when it was parked, by the store's clock
 */
public record ParkedStream(
    StreamId stream, long version, String error, int attempts, Instant since) {
  /** Returns the failing event. */
  public EventAddress event() {
    return new EventAddress(stream, version);
  }
}
