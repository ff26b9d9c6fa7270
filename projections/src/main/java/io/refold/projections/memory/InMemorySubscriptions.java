package io.refold.projections.memory;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.LogHead;
import io.refold.eventstore.Position;
import io.refold.eventstore.StreamId;
import io.refold.projections.store.Deliveries.Failed;
import io.refold.projections.store.DroppedEvent;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Lease;
import io.refold.projections.store.ParkedStream;
import io.refold.projections.store.ParkedStreams;
import io.refold.projections.store.Subscriptions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The reference of {@link Subscriptions}: one lock makes every call atomic. */
final class InMemorySubscriptions implements Subscriptions {
  private static final long RATED = 10_000_000;

  private final EventStore events;
  private final Clock clock;
  private final Map<Key, Slot> slots = new HashMap<>();

  /** What was dropped in earlier generations, also for those that are not created yet. */
  private final Map<Key, Map<EventAddress, DroppedEvent>> inherited = new HashMap<>();

  InMemorySubscriptions(EventStore events, Clock clock) {
    this.events = events;
    this.clock = clock;
  }

  private record Key(int partition, Generation generation) {}

  /** What a partition keeps for a generation. */
  static final class Slot {
    String owner = "";
    long epoch;
    long expires;
    int fencedFor;
    Position settled;
    long events;
    long outdated;
    @Nullable Position delivered;
    @Nullable Position until;
    final TreeMap<Long, Position> unacknowledged = new TreeMap<>();
    final Map<Integer, Position> shards = new HashMap<>();
    String problem = "";
    int attempts;
    long ratedAt;
    long ratedEvents;
    final Map<StreamId, ParkedStream> parked = new HashMap<>();
    final Map<StreamId, ParkedStreams.Request> requests = new HashMap<>();
    final Map<EventAddress, DroppedEvent> dropped = new HashMap<>();
    final Map<EventAddress, Failed> failed = new HashMap<>();
    InMemoryDeliveries.@Nullable Shared shared;

    Slot(Place behind) {
      settled = behind.last();
      events = behind.events();
    }

    State state() {
      return new State(settled, events, outdated, delivered != null, shards, problem);
    }
  }

  private long micros() {
    return ChronoUnit.MICROS.between(Instant.EPOCH, clock.instant());
  }

  private static long micros(Duration length) {
    return length.toNanos() / 1_000;
  }

  @Nullable Slot slot(Generation generation, int partition) {
    return slots.get(new Key(partition, generation));
  }

  Map<EventAddress, DroppedEvent> inherited(Generation generation, int partition) {
    return inherited.computeIfAbsent(new Key(partition, generation), key -> new HashMap<>());
  }

  @Nullable Slot owned(Lease lease) {
    Slot slot = slot(lease.generation(), lease.partition());
    boolean ours =
        slot != null
            && slot.fencedFor == 0
            && slot.owner.equals(lease.owner())
            && slot.epoch == lease.epoch();
    return ours ? slot : null;
  }

  boolean stands(Position position) {
    return position.sequence() == 0
        || log(position.partition(), position.sequence() - 1, 1).stream()
            .anyMatch(entry -> entry.position().equals(position));
  }

  private List<LogEntry> log(int partition, long after, int count) {
    return events.readLog(partition, after, count);
  }

  @Override
  public synchronized Acquisition acquire(
      Generation generation, int partition, String owner, Duration length, long minEpoch) {
    Slot slot = slot(generation, partition);
    if (slot == null) {
      return new Acquisition.Gone();
    }
    if (slot.fencedFor > 0) {
      return new Acquisition.Fenced();
    }
    if (slot.problem.startsWith(LOST)) {
      return new Acquisition.Held("");
    }
    long now = micros();
    boolean running = slot.expires > now && slot.expires <= now + micros(length);
    if (!slot.owner.isEmpty() && !slot.owner.equals(owner) && running) {
      return new Acquisition.Held(slot.owner);
    }
    slot.owner = owner;
    slot.epoch = Math.max(Math.max(slot.epoch + 1, now), minEpoch);
    slot.expires = now + micros(length);
    return new Acquisition.Granted(new Lease(generation, partition, owner, slot.epoch));
  }

  @Override
  public synchronized List<Lease> renew(int partition, List<Lease> leases, Duration length) {
    return leases.stream()
        .filter(lease -> {
          Slot slot = owned(lease);
          if (slot != null) {
            slot.expires = micros() + micros(length);
          }
          return slot != null;
        })
        .toList();
  }

  @Override
  public synchronized void release(Lease lease) {
    Slot slot = owned(lease);
    if (slot != null) {
      slot.owner = "";
      slot.expires = 0;
    }
  }

  @Override
  public synchronized Optional<State> state(Lease lease) {
    return Optional.ofNullable(owned(lease)).map(Slot::state);
  }

  @Override
  public synchronized List<Position> missing(int partition, Collection<Position> positions) {
    return positions.stream().filter(position -> !stands(position)).distinct().toList();
  }

  @Override
  public synchronized Reading pending(Lease lease, Position last, int count) {
    Slot slot = owned(lease);
    if (slot == null) {
      return new Reading.NotOwner();
    }
    List<Position> positions = slot.unacknowledged.values().stream().limit(count).toList();
    if (!stands(last) || !positions.stream().allMatch(this::stands)) {
      return new Reading.Lost();
    }
    return new Reading.Entries(
        positions.stream()
            .map(position -> log(lease.partition(), position.sequence() - 1, 1).getFirst())
            .toList(),
        positions.size() < count);
  }

  @Override
  public synchronized Reading next(Lease lease, Position last, int count) {
    Slot slot = owned(lease);
    if (slot == null || slot.delivered == null) {
      return new Reading.NotOwner();
    }
    if (!stands(last)) {
      return new Reading.Lost();
    }
    List<LogEntry> read = log(lease.partition(), slot.delivered.sequence(), count);
    for (LogEntry entry : read) {
      slot.unacknowledged.put(entry.position().sequence(), entry.position());
      slot.delivered = entry.position();
    }
    return new Reading.Entries(read, read.size() < count);
  }

  @Override
  public synchronized Reading range(Lease lease, Position last, int count) {
    Slot slot = owned(lease);
    if (slot == null) {
      return new Reading.NotOwner();
    }
    if (!stands(last)) {
      return new Reading.Lost();
    }
    Position until = slot.until;
    List<LogEntry> read = log(lease.partition(), last.sequence(), count);
    if (until == null) {
      return new Reading.Entries(read, read.size() < count);
    }
    List<LogEntry> bounded =
        read.stream().filter(e -> e.position().sequence() <= until.sequence()).toList();
    return bounded.isEmpty() ? new Reading.Bounded() : new Reading.Entries(bounded, false);
  }

  @Override
  public synchronized Outcome handOver(Lease lease, Position last) {
    Slot slot = owned(lease);
    if (slot == null) {
      return Outcome.NOT_OWNER;
    }
    if (!stands(last)) {
      return Outcome.LOST;
    }
    if (slot.delivered == null) {
      slot.delivered = last;
    }
    if (last.sequence() > slot.settled.sequence()) {
      slot.settled = last;
    }
    return Outcome.DONE;
  }

  @Override
  public synchronized Outcome settle(Lease lease, Settlement settlement) {
    Slot slot = owned(lease);
    if (slot == null) {
      return Outcome.NOT_OWNER;
    }
    if (!stands(settlement.last())) {
      return Outcome.LOST;
    }
    if (settlement.last().sequence() > slot.settled.sequence()) {
      if (micros() - slot.ratedAt > RATED) {
        slot.ratedAt = micros();
        slot.ratedEvents = slot.events;
      }
      slot.settled = settlement.last();
      slot.events = settlement.events();
      slot.outdated = settlement.outdated();
    }
    settlement.acknowledged().forEach(p -> slot.unacknowledged.remove(p.sequence()));
    slot.shards.putAll(settlement.shards());
    return Outcome.DONE;
  }

  @Override
  public synchronized Outcome report(Lease lease, String problem, int attempts) {
    Slot slot = owned(lease);
    if (slot == null) {
      return Outcome.NOT_OWNER;
    }
    slot.problem = problem;
    slot.attempts = attempts;
    return Outcome.DONE;
  }

  @Override
  public synchronized void create(int partition, Generation generation, Place behind) {
    slots.computeIfAbsent(new Key(partition, generation), key -> new Slot(behind));
  }

  @Override
  public synchronized boolean startAnew(int partition, Generation generation, Place behind) {
    Slot lost = slot(generation, partition);
    if (lost == null || !lost.problem.startsWith(LOST)) {
      return false;
    }
    var anew = new Slot(behind);
    anew.epoch = lost.epoch;
    slots.put(new Key(partition, generation), anew);
    return true;
  }

  @Override
  public synchronized void bound(Generation generation, Position until) {
    Slot slot = slot(generation, until.partition());
    if (slot != null) {
      slot.until = until;
    }
  }

  @Override
  public synchronized Optional<Fence> fence(int partition, Generation old, Generation fresh) {
    Slot slot = slot(old, partition);
    if (slot == null || slot(fresh, partition) == null) {
      return Optional.empty();
    }
    slot.epoch = Math.max(slot.epoch + (slot.fencedFor > 0 ? 0 : 1), micros());
    slot.fencedFor = fresh.number();
    slot.owner = "rebuild";
    return Optional.of(new Fence(new Lease(old, partition, slot.owner, slot.epoch), slot.settled));
  }

  @Override
  public synchronized void cancel(int partition, Generation fresh, Generation old) {
    delete(partition, fresh);
    Slot slot = slot(old, partition);
    if (slot != null && slot.fencedFor == fresh.number()) {
      slot.fencedFor = 0;
      slot.owner = "";
      slot.expires = 0;
    }
  }

  @Override
  public synchronized void delete(int partition, Generation generation) {
    slots.remove(new Key(partition, generation));
    inherited.remove(new Key(partition, generation));
  }

  @Override
  public synchronized Arrival arrival(Generation generation, Position position) {
    Slot slot = slot(generation, position.partition());
    if (slot == null) {
      return Arrival.GONE;
    }
    if (!stands(position)) {
      return Arrival.LOST;
    }
    if (slot.settled.sequence() < position.sequence()) {
      return Arrival.PENDING;
    }
    boolean parked =
        log(position.partition(), position.sequence() - 1, 1).getFirst().pointers().stream()
            .anyMatch(pointer -> {
              ParkedStream waits = slot.parked.get(pointer.stream());
              return (waits != null && waits.version() <= pointer.lastVersion())
                  || slot.failed.keySet().stream()
                      .anyMatch(failed -> InMemoryDeliveries.among(pointer, failed));
            });
    return parked ? Arrival.PARKED : Arrival.APPLIED;
  }

  private double rate(Slot slot) {
    long micros = micros() - slot.ratedAt;
    return micros > 2 * RATED
        ? 0
        : 1e6 * (slot.events - slot.ratedEvents) / Math.max(1_000_000, micros);
  }

  @Override
  public synchronized Optional<Outlook> outlook(int partition, Generation generation) {
    Slot slot = slot(generation, partition);
    if (slot == null) {
      return Optional.empty();
    }
    boolean owned = slot.expires > micros() && slot.fencedFor == 0;
    LogHead head = events.head(partition);
    return Optional.of(
        new Outlook(
            slot.state(),
            owned ? slot.owner : "",
            slot.fencedFor > 0,
            head.position(),
            head.events(),
            rate(slot),
            slot.attempts,
            slot.parked.size() + slot.failed.size()));
  }
}
