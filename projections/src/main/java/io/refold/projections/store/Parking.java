package io.refold.projections.store;

import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Which events of a partition a generation does not apply.
 *
 * @param parked streams with the first version that waits, together with all that follow it
 * @param dropped events that are left out for good, on record
 */
public record Parking(Map<StreamId, Long> parked, Set<EventAddress> dropped) {
  /** Nothing is parked or dropped. */
  public static final Parking NONE = new Parking(Map.of(), Set.of());

  /** Copies both collections. */
  public Parking {
    parked = Map.copyOf(parked);
    dropped = Set.copyOf(dropped);
  }

  /** Returns the same, but for one stream, which is not parked. */
  public Parking without(StreamId stream) {
    var others = new HashMap<>(parked);
    others.remove(stream);
    return new Parking(others, dropped);
  }

  /** Returns the same with a stream parked from this version on. */
  public Parking parking(StreamId stream, long version) {
    var streams = new HashMap<>(parked);
    streams.put(stream, version);
    return new Parking(streams, dropped);
  }

  /** Returns the same without an event, and its stream parked from the next one on. */
  public Parking dropping(EventAddress event) {
    var events = new HashSet<>(dropped);
    events.add(event);
    return new Parking(parked, events).parking(event.stream(), event.version() + 1);
  }

  /** Tells whether an event waits. */
  public boolean parks(StoredEvent event) {
    Long first = parked.get(event.stream());
    return first != null && event.version() >= first;
  }

  /** Tells whether an event is left out. */
  public boolean drops(StoredEvent event) {
    return !dropped.isEmpty() && dropped.contains(EventAddress.of(event));
  }
}
