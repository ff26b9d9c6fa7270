package io.refold.projections;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.projections.store.DroppedEvent;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Filling;
import io.refold.projections.store.Heads;
import io.refold.projections.store.Lease;
import io.refold.projections.store.ParkedStream;
import io.refold.projections.store.ParkedStreams;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Subscriptions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A generation that is read, fenced for a fresh one: nobody changes its rows, and its positions are
 * final. Cancelling the fresh one lifts the fence. Not thread-safe.
 */
final class Standstill {
  private static final int ENTRIES = 2_000;

  private final ProjectionStore store;
  private final Subscriber subscriber;
  private final Filling filling;
  private final Runnable part;
  private final Map<Integer, Lease> leases = new HashMap<>();
  private final Map<Integer, Position> settled = new HashMap<>();
  private final Map<Integer, Position> positions = new HashMap<>();
  private final Map<Integer, Map<Integer, Position>> recorded = new HashMap<>(); // of each shard
  private final List<Position> lost = new ArrayList<>();

  private Standstill(ProjectionStore store, Subscriber subscriber, Filling filling, Runnable part) {
    this.part = part;
    this.store = store;
    this.subscriber = subscriber;
    this.filling = filling;
  }

  /**
   * Fences the old generation; empty if one of the two has no keys somewhere.
   *
   * @param part is run before each part of what there is to do, now and later
   */
  static Optional<Standstill> of(
      ProjectionStore store, Subscriber subscriber, Filling filling, Runnable part) {
    var standstill = new Standstill(store, subscriber, filling, part);
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      if (!standstill.fence(partition)) {
        return Optional.empty();
      }
    }
    return Optional.of(standstill);
  }

  /** Tells whether every partition has settled these positions. */
  static boolean reached(List<Subscriptions.Outlook> outlooks, Map<Integer, Position> targets) {
    for (int partition = 0; partition < outlooks.size(); partition++) {
      Position target = targets.getOrDefault(partition, Position.origin(partition));
      if (outlooks.get(partition).state().settled().sequence() < target.sequence()) {
        return false;
      }
    }
    return true;
  }

  /** Returns how far each partition has come, at least in one of its shards. */
  Map<Integer, Position> positions() {
    return positions;
  }

  /** Returns what was applied and is not in the log any more. */
  List<Position> lost() {
    return lost;
  }

  /** Returns the fence of a partition. */
  Lease lease(int partition) {
    return leases.getOrDefault(partition, new Lease(old(), partition, "", 0));
  }

  private Generation old() {
    return filling.old().generation();
  }

  private boolean fence(int partition) {
    part.run();
    Optional<Subscriptions.Fence> fence =
        store.subscriptions().fence(partition, old(), filling.fresh().generation());
    if (fence.isEmpty()) {
      return false;
    }
    Lease lease = everywhere(fence.get().lease());
    var reached = new ArrayList<Position>();
    reached.add(fence.get().settled());
    for (int shard = 0; shard < shards(); shard++) {
      subscriber
          .heads(store)
          .head(old(), shard, partition)
          .ifPresent(head -> reached.add(head.checkpoint()));
    }
    List<Position> missing = store.subscriptions().missing(partition, reached);
    lost.addAll(missing);
    leases.put(partition, lease);
    settled.put(partition, fence.get().settled());
    store
        .subscriptions()
        .outlook(partition, old())
        .ifPresent(found -> recorded.put(partition, found.state().shards()));
    positions.put(
        partition,
        reached.stream()
            .filter(position -> !missing.contains(position))
            .max(Comparator.comparingLong(Position::sequence))
            .orElse(Position.origin(partition)));
    return true;
  }

  /**
   * Writes the fence into all heads. One may hold a higher epoch than its partition, where the
   * partition's server was replaced.
   */
  private Lease everywhere(Lease fence) {
    for (int shard = 0; shard < shards(); shard++) {
      if (subscriber.heads(store).fence(shard, fence)
          instanceof Heads.Fencing.Refused(long epoch)) {
        return everywhere(
            new Lease(fence.generation(), fence.partition(), fence.owner(), epoch + 1));
      }
    }
    return fence;
  }

  private int shards() {
    return filling.old().shape().shards();
  }

  /**
   * Brings all shards to the same positions. A fence may have come between two shards of a batch;
   * the shards that have it skip it here, and its owner will find it done.
   *
   * @throws EventFailure if an event cannot be applied
   * @throws IllegalStateException if the fence was lifted, or history or rows lost
   */
  void complete() throws EventFailure {
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      long from = settled.getOrDefault(partition, Position.origin(partition)).sequence();
      long to = positions.getOrDefault(partition, Position.origin(partition)).sequence();
      if (from < to) {
        complete(partition, from, to);
      }
    }
  }

  private void complete(int partition, long from, long to) throws EventFailure {
    var subscription =
        Subscription.of(store, subscriber, filling.old(), SharedEvents.alone(store.events()));
    Parking parking = parking(store, partition, old());
    Map<Integer, Position> shards = new HashMap<>(recorded.getOrDefault(partition, Map.of()));
    long after = from;
    while (after < to) {
      part.run();
      long end = to;
      List<LogEntry> entries =
          PartitionOwner.atMost(
              store.events().readLog(partition, after, ENTRIES).stream()
                  .filter(entry -> entry.position().sequence() <= end)
                  .toList());
      if (entries.isEmpty()) {
        throw new IllegalStateException("history of partition %d was lost".formatted(partition));
      }
      switch (subscription.apply(lease(partition), entries, parking, shards)) {
        case Target.Result.Applied applied -> shards.putAll(applied.shards());
        case Target.Result.Regressed(int shard) ->
            throw new IllegalStateException(
                "shard %d of %s has lost rows of partition %d, which its owner is about to fill again"
                    .formatted(shard, old(), partition));
        case Target.Result result ->
            throw new IllegalStateException(
                "partition %d of %s does not stand still any more: %s"
                    .formatted(partition, old(), result));
      }
      after = entries.getLast().position().sequence();
    }
  }

  /** Returns what a generation leaves out in a partition. */
  static Parking parking(ProjectionStore store, int partition, Generation generation) {
    ParkedStreams records = store.parkedStreams();
    return new Parking(
        records.parked(partition, generation).stream()
            .collect(Collectors.toMap(ParkedStream::stream, ParkedStream::version)),
        records.dropped(partition, generation).stream()
            .map(DroppedEvent::event)
            .collect(Collectors.toSet()));
  }
}
