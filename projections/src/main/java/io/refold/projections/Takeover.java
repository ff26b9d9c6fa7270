package io.refold.projections;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.projections.store.Heads;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Subscriptions;
import io.refold.projections.store.Subscriptions.Reading;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a new owner of a partition does before anything else, step by step: it writes its epoch into
 * every shard, and only then reads what is settled, so that nobody moves it any more; it checks
 * that against the log; and it brings shards that have lost writes up to what is settled.
 */
final class Takeover {
  private static final int ENTRIES = 2_000;

  private final Subscription subscription;
  private final Lease lease;
  private final Subscriptions subscriptions;
  private final Target target;
  private final Map<Integer, Position> shards = new HashMap<>();
  private Subscriptions.State state;
  private Parking parking = Parking.NONE;
  private Position refilled;
  private boolean checked;
  private boolean empty = true;

  /** What a step of it led to. */
  sealed interface Found {
    /** There is more to do. */
    record More() implements Found {}

    /**
     * Where to go on.
     *
     * @param state what is settled, with the checkpoint of every shard that was written to
     * @param head the log's newest sequence if no row has an event of it yet; else 0
     * @param parking what is parked and dropped
     */
    record Ready(Subscriptions.State state, long head, Parking parking) implements Found {}

    /**
     * The lease must be acquired again.
     *
     * @param minEpoch with at least this epoch
     */
    record Retake(long minEpoch) implements Found {}

    /** The lease is gone. */
    record Over() implements Found {}

    /** The generation's keys are gone. */
    record Gone() implements Found {}

    /**
     * The log is not what it was.
     *
     * @param what what is missing; empty if that was recorded earlier
     */
    record Lost(Optional<String> what) implements Found {}
  }

  Takeover(Subscription subscription, Lease lease) {
    this.subscription = subscription;
    this.lease = lease;
    this.subscriptions = subscription.store().subscriptions();
    this.target = subscription.target();
    this.refilled = Position.origin(lease.partition());
    this.state = Subscriptions.State.origin(lease.partition());
  }

  /** Returns what is parked and dropped, as far as it has been read. */
  Parking parking() {
    return parking;
  }

  /** Does the next thing. */
  Found step() throws EventFailure {
    return checked ? refill() : check();
  }

  private Found check() {
    int number = subscription.shards();
    for (int shard = 0; shard < number; shard++) {
      switch (target.heads().fence(shard, lease)) {
        case Heads.Fencing.Done done -> {}
        case Heads.Fencing.Refused(long epoch) -> {
          return new Found.Retake(epoch + 1);
        }
        case Heads.Fencing.Gone gone -> {
          return new Found.Gone();
        }
      }
    }
    Optional<Subscriptions.State> found = subscriptions.state(lease);
    if (found.isEmpty()) {
      return new Found.Over();
    }
    state = found.get();
    if (state.problem().startsWith(PartitionOwner.LOST)) {
      return new Found.Lost(Optional.empty());
    }
    shards.putAll(state.shards());
    refilled = state.settled();
    var heads = new ArrayList<Heads.Head>();
    for (int shard = 0; shard < number; shard++) {
      Optional<Heads.Head> head = target.heads().head(lease.generation(), shard, lease.partition());
      if (head.isEmpty()) {
        return new Found.Gone();
      }
      heads.add(head.get());
      compare(shard, head.get().checkpoint());
    }
    List<Position> missing = subscriptions.missing(lease.partition(), ids(heads));
    if (!missing.isEmpty()) {
      return lost(missing);
    }
    Optional<Parking> restored =
        new ParkingRecords(subscription.store().parkedStreams(), lease).restore(heads);
    if (restored.isEmpty()) {
      return new Found.Over();
    }
    parking = restored.get();
    checked = true;
    return shards.equals(state.shards()) ? ready() : new Found.More();
  }

  /** Takes notice of a shard that is behind what was settled for it. */
  private void compare(int shard, Position checkpoint) {
    empty &= checkpoint.sequence() == 0;
    Position reached = shards.get(shard);
    if (reached != null && checkpoint.sequence() < reached.sequence()) {
      shards.put(shard, checkpoint);
      refilled = checkpoint.sequence() < refilled.sequence() ? checkpoint : refilled;
    }
  }

  /** Every position that is recorded anywhere; the log must hold them all. */
  private List<Position> ids(List<Heads.Head> heads) {
    var ids = new ArrayList<Position>();
    ids.add(state.settled());
    for (Heads.Head head : heads) {
      ids.add(head.checkpoint());
      head.notes().values().forEach(note -> ids.add(note.position()));
    }
    return ids;
  }

  /**
   * Applies the next part of what a shard has lost; the shards that have it skip it. The new
   * checkpoints are recorded only when all are there, so that a crash on the way starts this again.
   */
  private Found refill() throws EventFailure {
    List<LogEntry> entries = List.of();
    if (refilled.sequence() < state.settled().sequence()) {
      switch (subscriptions.range(lease, refilled, ENTRIES)) {
        case Reading.NotOwner refused -> {
          return new Found.Over();
        }
        case Reading.Lost gone -> {
          return lost(List.of(refilled));
        }
        case Reading.Bounded bound -> {}
        case Reading.Entries(List<LogEntry> read, boolean end) ->
            entries =
                read.stream()
                    .filter(e -> e.position().sequence() <= state.settled().sequence())
                    .toList();
      }
    }
    if (entries.isEmpty()) {
      var settlement =
          new Subscriptions.Settlement(
              state.settled(), state.events(), state.outdated(), List.of(), shards);
      return switch (subscriptions.settle(lease, settlement)) {
        case DONE -> ready();
        case NOT_OWNER -> new Found.Over();
        case LOST -> lost(List.of(state.settled()));
      };
    }
    List<LogEntry> part = PartitionOwner.atMost(entries);
    return switch (subscription.apply(lease, part, parking, shards)) {
      case Target.Result.Applied(Map<Integer, Position> written, List<StoredEvent> marks) -> {
        shards.putAll(written);
        refilled = part.getLast().position();
        yield new Found.More();
      }
      case Target.Result.Lost(String what) -> new Found.Lost(Optional.of(what));
      case Target.Result.Regressed(int shard) -> new Found.Retake(0);
      case Target.Result.NotOwner refused -> new Found.Over();
      case Target.Result.Gone gone -> new Found.Gone();
    };
  }

  private Found ready() {
    long head =
        empty ? subscription.store().events().head(lease.partition()).position().sequence() : 0;
    return new Found.Ready(
        new Subscriptions.State(
            state.settled(),
            state.events(),
            state.outdated(),
            state.grouped(),
            shards,
            state.problem()),
        head,
        parking);
  }

  private static Found lost(List<Position> missing) {
    return new Found.Lost(Optional.of("the log does not hold %s any more".formatted(missing)));
  }
}
