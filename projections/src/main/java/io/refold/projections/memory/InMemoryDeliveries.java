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

  InMemoryDeliveries(InMemorySubscriptions subscriptions, EventStore events, Clock clock) {
    this.subscriptions = subscriptions;
    this.events = events;
    this.clock = clock;
  }

  /** An entry under way: whose, and since when it was not kept. */
  record Held(LogEntry entry, String consumer, Instant since) {}

  /** What a partition knows of the entries under way. */
  static final class Shared {
    final TreeMap<Long, Held> underWay = new TreeMap<>();
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
    Slot slot = slot(consumer);
    Shared there = slot.shared;
    if (there == null) {
      slot.delivered = slot.settled;
      there = new Shared(slot.settled.sequence());
      slot.shared = there;
    }
    return there;
  }

  private Map<EventAddress, Failed> failedOf(int partition, Generation generation) {
    Slot slot = subscriptions.slot(generation, partition);
    return slot == null ? new HashMap<>() : slot.failed;
  }

  static boolean among(LogEntry.Pointer pointer, EventAddress event) {
    return event.stream().equals(pointer.stream())
        && event.version() >= pointer.firstVersion()
        && event.version() <= pointer.lastVersion();
  }

  @Override
  public Delivery next(Consumer consumer, Set<String> categories) {
    synchronized (subscriptions) {
      if (!subscriptions.stands(slot(consumer).settled)) {
        return new Delivery.Lost();
      }
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
      if (!subscriptions.stands(slot.settled)) {
        return new Tended(Optional.empty(), false);
      }
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
      Slot slot = slot(consumer);
      Shared here = shared(consumer);
      Held held = here.underWay.get(entry.sequence());
      if (held != null && held.consumer().equals(consumer.name())) {
        here.underWay.remove(entry.sequence());
        held.entry()
            .pointers()
            .forEach(pointer -> slot.failed.keySet().removeIf(event -> among(pointer, event)));
        failed.forEach(event ->
            slot.failed.put(
                event.event(),
                new Failed(event.event(), event.error(), event.attempts(), clock.instant())));
      }
    }
  }

  @Override
  public void lost(Consumer consumer, String problem) {
    synchronized (subscriptions) {
      slot(consumer).problem = problem;
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
