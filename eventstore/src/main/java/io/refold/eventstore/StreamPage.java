package io.refold.eventstore;

import java.util.List;
import java.util.Optional;

/**
 * A page of a list of streams.
 *
 * @param streams the streams
 * @param next the cursor that the next page is asked for with; empty at the end. It stays valid
 */
public record StreamPage(List<StreamId> streams, Optional<String> next) {
  /** Copies the streams. */
  public StreamPage {
    streams = List.copyOf(streams);
  }
}
