package io.refold.projections.memory;

import io.refold.eventstore.StreamId;
import io.refold.projections.memory.InMemorySubscriptions.Slot;
import io.refold.projections.store.DroppedEvent;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Lease;
import io.refold.projections.store.ParkedStream;
import io.refold.projections.store.ParkedStreams;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Subscriptions.Outcome;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The reference of {@link ParkedStreams}, in the slots and under the lock of the subscriptions. */
final class InMemoryParkedStreams implements ParkedStreams {
  private final InMemorySubscriptions subscriptions;
  private final Clock clock;

  InMemoryParkedStreams(InMemorySubscriptions subscriptions, Clock clock) {
    this.subscriptions = subscriptions;
    this.clock = clock;
  }

  @Override
  public Optional<Parking> load(Lease lease) {
    synchronized (subscriptions) {
      return Optional.ofNullable(subscriptions.owned(lease))
          .map(slot -> {
            var versions = new HashMap<StreamId, Long>();
            slot.parked.forEach((stream, waits) -> versions.put(stream, waits.version()));
            return new Parking(
                versions, dropped(slot, lease.partition(), lease.generation()).keySet());
          });
    }
  }

  private Map<EventAddress, DroppedEvent> dropped(Slot slot, int partition, Generation generation) {
    slot.dropped.putAll(subscriptions.inherited(generation, partition));
    return slot.dropped;
  }

  @Override
  public Outcome park(Lease lease, StreamId stream, long version, String error, int attempts) {
    synchronized (subscriptions) {
      Slot slot = subscriptions.owned(lease);
      if (slot == null) {
        return Outcome.NOT_OWNER;
      }
      @Nullable ParkedStream before = slot.parked.get(stream);
      slot.parked.put(
          stream,
          new ParkedStream(
              stream,
              version,
              error.isEmpty() && before != null ? before.error() : error,
              attempts + (before == null ? 0 : before.attempts()),
              before == null ? Instant.now(clock) : before.since()));
      slot.requests.remove(stream);
      return Outcome.DONE;
    }
  }

  @Override
  public Outcome parkAgain(Lease lease, StreamId stream, long version, String error) {
    synchronized (subscriptions) {
      Slot slot = subscriptions.owned(lease);
      if (slot == null) {
        return Outcome.NOT_OWNER;
      }
      Outcome parked = park(lease, stream, version, error, 0);
      slot.requests.put(stream, new Request.Retry(stream));
      return parked;
    }
  }

  @Override
  public Outcome advance(Lease lease, StreamId stream, long version) {
    synchronized (subscriptions) {
      Slot slot = subscriptions.owned(lease);
      if (slot == null) {
        return Outcome.NOT_OWNER;
      }
      slot.parked.computeIfPresent(
          stream,
          (same, waits) ->
              new ParkedStream(same, version, waits.error(), waits.attempts(), waits.since()));
      return Outcome.DONE;
    }
  }

  @Override
  public Outcome unpark(Lease lease, StreamId stream) {
    synchronized (subscriptions) {
      Slot slot = subscriptions.owned(lease);
      if (slot == null) {
        return Outcome.NOT_OWNER;
      }
      slot.parked.remove(stream);
      slot.requests.remove(stream);
      return Outcome.DONE;
    }
  }

  @Override
  public Outcome drop(Lease lease, Collection<EventAddress> events, String reason) {
    synchronized (subscriptions) {
      Slot slot = subscriptions.owned(lease);
      if (slot == null) {
        return Outcome.NOT_OWNER;
      }
      for (EventAddress event : events) {
        slot.dropped.putIfAbsent(event, new DroppedEvent(event, reason, Instant.now(clock)));
        ParkedStream waits = slot.parked.get(event.stream());
        if (waits != null && waits.version() == event.version()) {
          park(lease, event.stream(), event.version() + 1, "", 0);
          slot.requests.put(event.stream(), new Request.Retry(event.stream()));
        }
      }
      return Outcome.DONE;
    }
  }

  @Override
  public Optional<List<Request>> requests(Lease lease) {
    synchronized (subscriptions) {
      return Optional.ofNullable(subscriptions.owned(lease))
          .map(slot -> List.copyOf(slot.requests.values()));
    }
  }

  @Override
  public boolean ask(int partition, Generation generation, Request request) {
    synchronized (subscriptions) {
      Slot slot = subscriptions.slot(generation, partition);
      ParkedStream waits = slot == null ? null : slot.parked.get(request.stream());
      if (slot == null
          || waits == null
          || (request instanceof Request.Drop drop
              && (drop.version() != waits.version()
                  || slot.requests.get(request.stream()) instanceof Request.Retry))) {
        return false;
      }
      boolean dropAsked = slot.requests.get(request.stream()) instanceof Request.Drop;
      if (request instanceof Request.Drop || !dropAsked) {
        slot.requests.put(request.stream(), request);
      }
      return true;
    }
  }

  @Override
  public List<Request> asked(int partition, Generation generation) {
    synchronized (subscriptions) {
      Slot slot = subscriptions.slot(generation, partition);
      return slot == null ? List.of() : List.copyOf(slot.requests.values());
    }
  }

  @Override
  public List<ParkedStream> parked(int partition, Generation generation) {
    synchronized (subscriptions) {
      Slot slot = subscriptions.slot(generation, partition);
      return slot == null ? List.of() : List.copyOf(slot.parked.values());
    }
  }

  @Override
  public List<DroppedEvent> dropped(int partition, Generation generation) {
    synchronized (subscriptions) {
      Slot slot = subscriptions.slot(generation, partition);
      return slot == null ? List.of() : List.copyOf(dropped(slot, partition, generation).values());
    }
  }

  @Override
  public void inherit(int partition, Generation fresh, Generation old) {
    synchronized (subscriptions) {
      Slot slot = subscriptions.slot(old, partition);
      if (slot != null && subscriptions.slot(fresh, partition) == null) {
        subscriptions.inherited(fresh, partition).putAll(dropped(slot, partition, old));
      }
    }
  }
}
