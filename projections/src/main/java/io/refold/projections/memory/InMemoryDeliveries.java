package io.refold.projections.memory;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.projections.memory.InMemorySubscriptions.Slot;
import io.refold.projections.store.Deliveries;
import io.refold.projections.store.DroppedEvent;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generation;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The reference of {@link Deliveries}, in the slots and under the lock of the subscriptions. */
final class InMemoryDeliveries implements Deliveries {
  private final InMemorySubscriptions subscriptions;
  private final EventStore events;
  private final Clock clock;
  private final Map<Place, Shared> shared = new HashMap<>();

  InMemoryDeliveries(InMemorySubscriptions subscriptions, EventStore events, Clock clock) {
    this.subscriptions = subscriptions;
    this.events = events;
    this.clock = clock;
  }

  private record Place(int partition, Generation generation) {}

  /** An entry under way: whose, and since when it was not kept. */
  private record Held(LogEntry entry, String consumer, Instant since) {}

  /** What a partition knows of the entries under way. */
  private static final class Shared {
    final TreeMap<Long, Held> underWay = new TreeMap<>();
    final Map<EventAddress, Failed> failed = new HashMap<>();
    long delivered;

    Shared(long delivered) {
      this.delivered = delivered;
    }
  }

  private Slot slot(Consumer consumer) {
    Slot slot = subscriptions.slot(consumer.generation(), consumer.partition());
    if (slot == null) {
      throw new IllegalStateException("%s has no place".formatted(consumer));
    }
    return slot;
  }

  private Shared shared(Consumer consumer) {
    return shared.computeIfAbsent(
        new Place(consumer.partition(), consumer.generation()),
        place -> {
          Slot slot = slot(consumer);
          slot.delivered = slot.settled;
          return new Shared(slot.settled.sequence());
        });
  }

  private Map<EventAddress, Failed> failedOf(int partition, Generation generation) {
    Shared there = shared.get(new Place(partition, generation));
    return there == null ? new HashMap<>() : there.failed;
  }

  @Override
  public Delivery next(Consumer consumer, Set<String> categories) {
    synchronized (subscriptions) {
      Shared here = shared(consumer);
      while (true) {
        List<LogEntry> read = events.readLog(consumer.partition(), here.delivered, 1);
        if (read.isEmpty()) {
          return new Delivery.Nothing();
        }
        LogEntry entry = read.getFirst();
        here.delivered = entry.position().sequence();
        if (entry.pointers().stream()
            .anyMatch(pointer -> categories.contains(pointer.stream().category()))) {
          here.underWay.put(here.delivered, new Held(entry, consumer.name(), clock.instant()));
          return new Delivery.Entry(entry);
        }
      }
    }
  }

  @Override
  public Tended tend(Consumer consumer, Duration idle, Duration lease) {
    synchronized (subscriptions) {
      Slot slot = slot(consumer);
      Shared here = shared(consumer);
      Instant now = clock.instant();
      slot.owner = consumer.name();
      slot.expires = ChronoUnit.MICROS.between(Instant.EPOCH, now.plus(lease));
      long end = here.underWay.isEmpty() ? here.delivered : here.underWay.firstKey() - 1;
      boolean moved = false;
      while (slot.settled.sequence() < end) {
        LogEntry entry =
            events.readLog(consumer.partition(), slot.settled.sequence(), 1).getFirst();
        slot.settled = entry.position();
        slot.events += entry.events();
        moved = true;
      }
      Optional<Held> claimed =
          here.underWay.values().stream()
              .filter(held -> !held.since().plus(idle).isAfter(now))
              .findFirst();
      claimed.ifPresent(held -> hold(here, held.entry(), consumer));
      return new Tended(claimed.map(Held::entry), moved);
    }
  }

  private void hold(Shared here, LogEntry entry, Consumer consumer) {
    here.underWay.put(
        entry.position().sequence(), new Held(entry, consumer.name(), clock.instant()));
  }

  @Override
  public void keep(Consumer consumer, Collection<Position> entries) {
    synchronized (subscriptions) {
      Shared here = shared(consumer);
      for (Position position : entries) {
        Held held = here.underWay.get(position.sequence());
        if (held != null && held.consumer().equals(consumer.name())) {
          hold(here, held.entry(), consumer);
        }
      }
    }
  }

  @Override
  public void settle(Consumer consumer, Position entry, Collection<Failed> failed) {
    synchronized (subscriptions) {
      Shared here = shared(consumer);
      if (here.underWay.remove(entry.sequence()) != null) {
        failed.forEach(event ->
            here.failed.put(
                event.event(),
                new Failed(event.event(), event.error(), event.attempts(), clock.instant())));
      }
    }
  }

  /** Does nothing: a consumer that has nothing is not known here. */
  @Override
  public void leave(Consumer consumer) {}

  @Override
  public List<Failed> failed(int partition, Generation generation) {
    synchronized (subscriptions) {
      return List.copyOf(failedOf(partition, generation).values());
    }
  }

  @Override
  public boolean replace(int partition, Generation generation, Failed failed) {
    synchronized (subscriptions) {
      return failedOf(partition, generation)
              .computeIfPresent(
                  failed.event(),
                  (event, before) ->
                      new Failed(event, failed.error(), failed.attempts(), before.since()))
          != null;
    }
  }

  @Override
  public boolean remove(int partition, Generation generation, EventAddress event) {
    synchronized (subscriptions) {
      return failedOf(partition, generation).remove(event) != null;
    }
  }

  @Override
  public boolean drop(int partition, Generation generation, EventAddress event, String reason) {
    synchronized (subscriptions) {
      Slot slot = subscriptions.slot(generation, partition);
      if (slot == null || !remove(partition, generation, event)) {
        return false;
      }
      slot.dropped.putIfAbsent(event, new DroppedEvent(event, reason, clock.instant()));
      return true;
    }
  }
}
