package io.refold.eventstore;

import java.util.List;

/**
 * A page of one stream's events.
 *
 * @param events in version order; may be empty though the stream goes on, where stored events stand
 *     for nothing today
 * @param version the last version that was read, where the next page continues
 * @param end whether the stream certainly ended here when it was read; one that ends exactly at the
 *     limit shows it with the next, empty page
 * @param <E> the events of the category
 */
public record EventPage<E>(List<Recorded<E>> events, long version, boolean end) {
  /** Copies the events. */
  public EventPage {
    events = List.copyOf(events);
  }
}
