package io.refold.projections.store;

import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;

/**
 * Names one event.
 *
 * @param stream its stream
 * @param version its version
 */
public record EventAddress(StreamId stream, long version) {
  /** Returns the address of an event. */
  public static EventAddress of(StoredEvent event) {
    return new EventAddress(event.stream(), event.version());
  }

  /** Returns {@code <version> of <stream>}. */
  @Override
  public String toString() {
    return version + " of " + stream;
  }
}
