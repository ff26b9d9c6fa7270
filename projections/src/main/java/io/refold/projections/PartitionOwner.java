package io.refold.projections;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StoredEvent;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Subscriptions;
import io.refold.projections.store.Subscriptions.Acquisition;
import io.refold.projections.store.Subscriptions.Reading;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Works on one partition for one generation, step by step: whoever drives it, threads or a test,
 * calls {@link #acquire} and then {@link #step} until it is over. Not thread-safe, but {@link
 * #state} and {@link #lease} may be asked from anywhere.
 *
 * <p>Its way: take the lease; write the epoch into every shard; only then read what is settled and
 * check it against the log; refill shards that have lost writes; then the entries that a
 * predecessor left unacknowledged, then new ones. A generation that is being filled reads the log
 * itself instead, up to its end, and is handed over to the consumer group there. A batch is
 * decoded, folded, committed shard by shard, and settled together with its acknowledgement. Every
 * step that writes is refused by the store once somebody else has taken over.
 */
final class PartitionOwner {
  /** What a step led to. */
  enum Step {
    /** Something was done; there may be more. */
    WORKED,
    /** There is nothing to do now. */
    IDLE,
    /** An event cannot be applied; the next step tries again. */
    HALTED,
    /** The lease must be acquired again, with a higher epoch. */
    RETAKE,
    /** History seems to be lost; the lease must be acquired again after a pause, to look again. */
    DOUBTED,
    /** There is nothing more to do here: the lease, the generation or history is gone. */
    OVER
  }

  private enum Phase {
    TAKING_OVER,
    PENDING,
    FILLING,
    LIVE
  }

  static final String HALTED = "halted: ";
  static final String RETRYING = "retrying: ";
  static final String WAITING = "waiting: ";
  static final String LOST = Subscriptions.LOST;
  private static final Logger LOG = LoggerFactory.getLogger(PartitionOwner.class);
  private static final int LIVE_ENTRIES = 500;
  private static final int FILLING_ENTRIES = 8_000;
  static final int MAX_EVENTS = 8_000;

  private final Subscription subscription;
  private final Subscriptions subscriptions;
  private final int partition;
  private final String owner;
  private final Duration length;
  private final Patience patience;
  private volatile PartitionState state = PartitionState.NOT_OWNED;
  private volatile @Nullable Lease lease;
  private volatile String problem = "";
  private volatile boolean gone;
  private Phase phase = Phase.TAKING_OVER;
  private long minEpoch;
  private Takeover takeover;
  private Progress progress;
  private ParkingLot lot;
  private Position known; // applied here: taken over again, the log must still hold it
  private final List<String> parked = new ArrayList<>();
  private @Nullable EventAddress failing;
  private int attempts;
  private int doubts;
  private boolean reachable;

  PartitionOwner(
      Subscription subscription, int partition, String owner, Duration length, Patience patience) {
    this.subscription = subscription;
    this.subscriptions = subscription.store().subscriptions();
    this.partition = partition;
    this.owner = owner;
    this.length = length;
    this.patience = patience;
    this.progress = new Progress(Subscriptions.State.origin(partition), 0);
    this.known = progress.last();
    var none = new Lease(generation(), partition, owner, 0);
    this.takeover = new Takeover(subscription, none);
    this.lot = new ParkingLot(subscription, none, Parking.NONE);
  }

  PartitionState state() {
    return state;
  }

  /** Returns why it does not go on; empty if it does. */
  String problem() {
    return problem;
  }

  int partition() {
    return partition;
  }

  /** Tells whether it has ended because keys of the generation are not there. */
  boolean gone() {
    return gone;
  }

  /** Returns the lease, or null if it has none. */
  @Nullable Lease lease() {
    return lease;
  }

  private Generation generation() {
    return subscription.generation();
  }

  /** Returns how many events the log had up to where it is. */
  long events() {
    return progress.events();
  }

  /** Takes the lease, with a new epoch if it has it already. */
  Acquisition acquire() {
    Acquisition acquisition =
        subscriptions.acquire(generation(), partition, owner, length, minEpoch);
    if (acquisition instanceof Acquisition.Granted(Lease granted)) {
      lease = granted;
      takeover = new Takeover(subscription, granted);
      phase = Phase.TAKING_OVER;
      state = PartitionState.TAKING_OVER;
      reachable = true;
    } else {
      lease = null;
      state = PartitionState.NOT_OWNED;
      gone = acquisition instanceof Acquisition.Gone;
    }
    return acquisition;
  }

  /** Gives the lease back, between two steps. */
  void release() {
    Lease held = lease;
    lease = null;
    state = PartitionState.NOT_OWNED;
    subscription.resolver().events().leave(generation(), partition);
    if (held != null) {
      subscriptions.release(held);
    }
  }

  /** Tells that the store cannot be reached; the lease must be acquired again. */
  void waiting() {
    state = PartitionState.WAITING;
  }

  /**
   * Tells that a store cannot be reached, and records why, if it is not the one that this is
   * recorded in: once, and not again before that has answered.
   */
  void waiting(@Nullable String why) {
    waiting();
    Lease held = lease;
    if (held != null && reachable && !problem.startsWith(WAITING)) {
      reachable = false;
      try {
        if (subscriptions.report(held, WAITING + why, attempts) == Subscriptions.Outcome.DONE) {
          problem = WAITING + why;
        }
      } catch (StoreUnavailableException | ReplyLostException away) {
        LOG.debug("why {} waits cannot be recorded: {}", generation(), away.getMessage());
      }
    }
  }

  /** Does the next thing there is to do. */
  Step step() {
    Lease held = lease;
    if (held == null) {
      return Step.OVER;
    }
    return switch (phase) {
      case TAKING_OVER -> takeOver(held, takeover);
      case PENDING, FILLING, LIVE -> work(held);
    };
  }

  /** Does what is to be done by now though no event has come; returns whether anything was done. */
  boolean tick() {
    Lease held = lease;
    return held != null && phase == Phase.LIVE && subscription.target().tick(held);
  }

  private Step takeOver(Lease held, Takeover running) {
    try {
      return switch (running.step()) {
        case Takeover.Found.More more -> Step.WORKED;
        case Takeover.Found.Ready(Subscriptions.State found, long head, Parking parking) -> {
          if (!subscriptions.missing(partition, List.of(known)).isEmpty()) {
            yield missing(held, known);
          }
          progress = new Progress(found, head);
          lot = new ParkingLot(subscription, held, parking);
          problem = found.problem();
          phase = resumed();
          state = working();
          yield Step.WORKED;
        }
        case Takeover.Found.Retake(long epoch) -> {
          minEpoch = epoch;
          yield Step.RETAKE;
        }
        case Takeover.Found.Lost(Optional<String> what) ->
            what.isPresent() ? lost(held, what.get()) : lost(held);
        case Takeover.Found.Over refused -> over();
        case Takeover.Found.Gone gone -> keysGone();
      };
    } catch (EventFailure failure) {
      takeover = new Takeover(subscription, held);
      lot = new ParkingLot(subscription, held, running.parking());
      return failed(held, failure);
    }
  }

  private Phase resumed() {
    return progress.grouped() ? Phase.PENDING : Phase.FILLING;
  }

  private PartitionState working() {
    return progress.grouped() ? PartitionState.RUNNING : PartitionState.FILLING;
  }

  private Step work(Lease held) {
    if (phase == Phase.LIVE) {
      try {
        if (!lot.answer(progress.last())) {
          return over();
        }
      } catch (MissingEvents missing) {
        return lost(held, missing.what());
      }
    }
    Reading reading =
        switch (phase) {
          case PENDING -> subscriptions.pending(held, progress.last(), entries());
          case LIVE -> subscriptions.next(held, progress.last(), entries());
          case FILLING, TAKING_OVER -> subscription.history(held, progress.last(), entries());
        };
    return switch (reading) {
      case Reading.NotOwner refused -> over();
      case Reading.Lost gone -> missing(held, progress.last());
      case Reading.Bounded bound -> Step.IDLE;
      case Reading.Entries(List<LogEntry> read, boolean end) -> process(held, read, end);
    };
  }

  private int entries() {
    return subscription.entries(
        progress.grouped()
            ? subscription.resolver().events().batch(LIVE_ENTRIES)
            : FILLING_ENTRIES);
  }

  /**
   * Nothing more was there to be read: goes on to the next phase, or has nothing to do, for what
   * comes now is told by a signal.
   */
  private Step end(Lease held) {
    return switch (phase) {
      case PENDING -> {
        phase = Phase.LIVE;
        yield Step.WORKED;
      }
      case FILLING ->
          switch (subscriptions.handOver(held, progress.last())) {
            case DONE -> {
              progress.handedOver();
              phase = Phase.LIVE;
              state = PartitionState.RUNNING;
              yield Step.WORKED;
            }
            case NOT_OWNER -> over();
            case LOST -> missing(held, progress.last());
          };
      case LIVE -> {
        doubts = 0; // the log holds what was applied
        yield goesOn(held) == Step.OVER ? Step.OVER : Step.IDLE;
      }
      case TAKING_OVER -> Step.IDLE;
    };
  }

  private Step process(Lease held, List<LogEntry> read, boolean end) {
    Optional<String> gap = progress.gap(read);
    if (gap.isPresent()) {
      return lost(held, gap.get());
    }
    for (int from = 0; from < read.size(); ) {
      List<LogEntry> part = subscription.batch(read.subList(from, read.size()));
      Step step;
      try {
        step = settled(held, part);
      } catch (EventFailure failure) {
        return before(held, part, failure);
      }
      if (step != Step.WORKED) {
        return step;
      }
      from += part.size();
    }
    return end ? end(held) : Step.WORKED;
  }

  /** Applies what stands before a failing event, so that nothing else waits for it; then halts. */
  private Step before(Lease held, List<LogEntry> part, EventFailure failure) {
    EventFailure current = failure;
    for (List<LogEntry> earlier = earlier(part, current); !earlier.isEmpty(); ) {
      try {
        Step step = settled(held, earlier);
        if (step != Step.WORKED) {
          return step;
        }
        break;
      } catch (EventFailure another) {
        current = another;
        earlier = earlier(earlier, current);
      }
    }
    phase = resumed();
    return failed(held, current);
  }

  /** Has the event tried again, parks its stream, or stands still. */
  private Step failed(Lease held, EventFailure failure) {
    EventAddress event = EventAddress.of(failure.event());
    attempts = event.equals(failing) ? attempts + 1 : 1;
    failing = event;
    if (attempts < patience.attempts()) {
      return stands(
          held, RETRYING + "%s (attempt %d)".formatted(failure.reason(), attempts), working());
    }
    if (!patience.parks().getAsBoolean()) {
      return halted(held, failure.reason());
    }
    LOG.warn(
        "projection '{}' parks {} from version {} on: {}",
        generation().projection(),
        event.stream(),
        event.version(),
        failure.reason());
    if (!lot.park(failure, attempts)) {
      return over();
    }
    parked.add(failure.reason());
    failing = null;
    return goesOn(held);
  }

  /** Returns why events have been parked since this was asked last. */
  List<String> parked() {
    var reasons = List.copyOf(parked);
    parked.clear();
    return reasons;
  }

  /** Tells whether something is parked, so that somebody may ask for it. */
  boolean parks() {
    return !lot.parking().parked().isEmpty();
  }

  private static List<LogEntry> earlier(List<LogEntry> part, EventFailure failure) {
    long sequence = failure.event().position().sequence();
    return part.stream().filter(entry -> entry.position().sequence() < sequence).toList();
  }

  private Step settled(Lease held, List<LogEntry> part) throws EventFailure {
    return switch (subscription.apply(held, part, lot.parking(), progress.shards())) {
      case Target.Result.Applied(Map<Integer, Position> written, List<StoredEvent> marks) -> {
        List<StoredEvent> outdating = progress.outdating(marks);
        outdating.forEach(this::warn);
        yield settle(held, progress.settlement(part, written, outdating.size()));
      }
      case Target.Result.NotOwner refused -> over();
      case Target.Result.Gone gone -> keysGone();
      case Target.Result.Regressed(int shard) -> Step.RETAKE;
      case Target.Result.Lost(String what) -> lost(held, what);
    };
  }

  private void warn(StoredEvent mark) {
    LOG.warn(
        "rows of projection '{}' may still have data of {} that was {} at {}: rows which several"
            + " streams share cannot be mended one by one, rebuild the projection",
        generation().projection(),
        mark.stream(),
        Resolver.isDeletion(mark) ? "deleted" : "forgotten",
        mark.position());
  }

  private Step settle(Lease held, Subscriptions.Settlement settlement) {
    return switch (subscriptions.settle(held, settlement)) {
      case DONE -> {
        progress.settled(settlement);
        known = progress.last();
        doubts = 0;
        yield goesOn(held);
      }
      case NOT_OWNER -> over();
      case LOST -> missing(held, settlement.last());
    };
  }

  /** The part of some entries that makes one batch: an append is never split. */
  static List<LogEntry> atMost(List<LogEntry> entries) {
    int events = 0;
    for (int i = 0; i < entries.size(); i++) {
      events += entries.get(i).events();
      if (events > MAX_EVENTS && i > 0) {
        return entries.subList(0, i);
      }
    }
    return entries;
  }

  /** Records that the partition stands still, and why. */
  Step halted(Lease held, String reason) {
    return stands(held, HALTED + reason, PartitionState.HALTED);
  }

  private Step stands(Lease held, String why, PartitionState how) {
    state = how;
    if (!problem.equals(why)) {
      if (subscriptions.report(held, why, attempts) == Subscriptions.Outcome.NOT_OWNER) {
        return over();
      }
      problem = why;
    }
    return Step.HALTED;
  }

  /** Records that something else than an event or the store has failed; takes over anew. */
  Step failed(Throwable unexpected) {
    Lease held = lease;
    if (held == null) {
      return Step.OVER;
    }
    takeover = new Takeover(subscription, held);
    phase = Phase.TAKING_OVER;
    return halted(held, unexpected.toString());
  }

  private Step goesOn(Lease held) {
    if (!problem.isEmpty()) {
      problem = "";
      attempts = 0;
      state = working();
      if (subscriptions.report(held, "", 0) == Subscriptions.Outcome.NOT_OWNER) {
        return over();
      }
    }
    return Step.WORKED;
  }

  private Step missing(Lease held, Position position) {
    known = position;
    return lost(held, "the log does not hold %s any more".formatted(position));
  }

  /** A master that was replaced may still answer for a moment: only what stays lost is lost. */
  private Step lost(Lease held, String what) {
    if (doubts < patience.doubts()) {
      doubts++;
      LOG.warn("history of partition {} of {} seems lost, {}", partition, generation(), what);
      state = PartitionState.WAITING;
      return Step.DOUBTED;
    }
    problem =
        LOST
            + "history of partition %d was lost, %s: %s"
                .formatted(partition, what, subscription.target().remedy());
    subscriptions.report(held, problem, attempts);
    return lost(held);
  }

  private Step lost(Lease held) {
    known = Position.origin(partition); // it is on record now, until somebody begins anew
    subscriptions.release(held);
    lease = null;
    state = PartitionState.LOST_HISTORY;
    return Step.OVER;
  }

  private Step keysGone() {
    gone = true;
    return over();
  }

  private Step over() {
    lease = null;
    state = PartitionState.NOT_OWNED;
    return Step.OVER;
  }
}
