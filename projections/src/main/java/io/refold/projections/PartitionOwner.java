package io.refold.projections;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Subscriptions;
import io.refold.projections.store.Subscriptions.Acquisition;
import io.refold.projections.store.Subscriptions.Reading;
import io.refold.projections.store.Views;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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
final class PartitionOwner<V> {
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
    /** There is nothing more to do here: the lease, the generation or history is gone. */
    OVER
  }

  private enum Phase {
    TAKING_OVER,
    REFILLING,
    PENDING,
    FILLING,
    LIVE
  }

  static final String HALTED = "halted: ";
  static final String LOST = "lost: ";
  private static final int LIVE_ENTRIES = 500;
  private static final int FILLING_ENTRIES = 2_000;
  private static final int MAX_EVENTS = 8_000;

  private final Projector<V> projector;
  private final Subscriptions subscriptions;
  private final Views views;
  private final int partition;
  private final String owner;
  private final Duration length;
  private final Map<Integer, Position> recorded = new HashMap<>();
  private volatile PartitionState state = PartitionState.NOT_OWNED;
  private volatile @Nullable Lease lease;
  private volatile String problem = "";
  private Phase phase = Phase.TAKING_OVER;
  private long minEpoch;
  private boolean grouped;
  private Position last;
  private Position settled;
  private long events;
  private Position refilled;

  PartitionOwner(Projector<V> projector, int partition, String owner, Duration length) {
    this.projector = projector;
    this.subscriptions = projector.store().subscriptions();
    this.views = projector.store().views();
    this.partition = partition;
    this.owner = owner;
    this.length = length;
    this.last = Position.origin(partition);
    this.settled = last;
    this.refilled = last;
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

  /** Returns the lease, or null if it has none. */
  @Nullable Lease lease() {
    return lease;
  }

  private Generation generation() {
    return projector.layout().generation();
  }

  /** Takes the lease, with a new epoch if it has it already. */
  Acquisition acquire() {
    Acquisition acquisition =
        subscriptions.acquire(generation(), partition, owner, length, minEpoch);
    if (acquisition instanceof Acquisition.Granted(Lease granted)) {
      lease = granted;
      phase = Phase.TAKING_OVER;
      state = PartitionState.TAKING_OVER;
    } else {
      lease = null;
      state = PartitionState.NOT_OWNED;
    }
    return acquisition;
  }

  /** Gives the lease back, between two steps. */
  void release() {
    Lease held = lease;
    lease = null;
    state = PartitionState.NOT_OWNED;
    if (held != null) {
      subscriptions.release(held);
    }
  }

  /** Tells that the store cannot be reached; the lease must be acquired again. */
  void waiting() {
    state = PartitionState.WAITING;
  }

  /** Does the next thing there is to do. */
  Step step() {
    Lease held = lease;
    if (held == null) {
      return Step.OVER;
    }
    return switch (phase) {
      case TAKING_OVER -> takeOver(held);
      case REFILLING -> refill(held);
      case PENDING, FILLING, LIVE -> work(held);
    };
  }

  private Step takeOver(Lease held) {
    int shards = projector.layout().shape().shards();
    for (int shard = 0; shard < shards; shard++) {
      switch (views.fence(shard, held)) {
        case Views.Fencing.Done done -> {}
        case Views.Fencing.Refused(long epoch) -> {
          minEpoch = epoch + 1;
          return Step.RETAKE;
        }
        case Views.Fencing.Gone gone -> {
          return over();
        }
      }
    }
    Optional<Subscriptions.State> found = subscriptions.state(held);
    if (found.isEmpty()) {
      return over();
    }
    problem = found.get().problem();
    if (problem.startsWith(LOST)) {
      return lost(held);
    }
    grouped = found.get().grouped();
    settled = found.get().settled();
    events = found.get().events();
    last = settled;
    recorded.clear();
    recorded.putAll(found.get().shards());
    var ids = new ArrayList<Position>();
    ids.add(settled);
    var behind = new ArrayList<Position>();
    for (int shard = 0; shard < shards; shard++) {
      var head = views.checkpoints(generation(), shard);
      if (head.isEmpty()) {
        return over();
      }
      Position checkpoint = head.get().getOrDefault(partition, Position.origin(partition));
      ids.add(checkpoint);
      Position reached = recorded.get(shard);
      if (reached != null && checkpoint.sequence() < reached.sequence()) {
        behind.add(checkpoint);
        recorded.put(shard, checkpoint);
      }
    }
    List<Position> missing = subscriptions.missing(partition, ids);
    if (!missing.isEmpty()) {
      return lost(held, "the log does not hold %s any more".formatted(missing));
    }
    refilled = behind.stream().min(Comparator.comparingLong(Position::sequence)).orElse(settled);
    phase = behind.isEmpty() ? resumed() : Phase.REFILLING;
    state = grouped && behind.isEmpty() ? PartitionState.RUNNING : PartitionState.FILLING;
    return Step.WORKED;
  }

  private Phase resumed() {
    return grouped ? Phase.PENDING : Phase.FILLING;
  }

  /**
   * Brings shards that have lost writes up to what is settled. The new checkpoints are recorded
   * only when all are there, so that a crash on the way starts this again.
   */
  private Step refill(Lease held) {
    List<LogEntry> entries = List.of();
    if (refilled.sequence() < settled.sequence()) {
      switch (subscriptions.range(held, refilled, FILLING_ENTRIES)) {
        case Reading.NotOwner refused -> {
          return over();
        }
        case Reading.Lost gone -> {
          return lost(held, "the log does not hold %s any more".formatted(refilled));
        }
        case Reading.Entries(List<LogEntry> read) ->
            entries =
                atMost(
                    read.stream()
                        .filter(e -> e.position().sequence() <= settled.sequence())
                        .toList());
      }
    }
    if (entries.isEmpty()) {
      var settlement = new Subscriptions.Settlement(settled, events, List.of(), recorded);
      return switch (subscriptions.settle(held, settlement)) {
        case DONE -> {
          phase = resumed();
          state = grouped ? PartitionState.RUNNING : PartitionState.FILLING;
          yield Step.WORKED;
        }
        case NOT_OWNER -> over();
        case LOST -> lost(held, "the log does not hold %s any more".formatted(settled));
      };
    }
    try {
      Step step = applied(held, projector.apply(held, entries, recorded));
      refilled = entries.getLast().position();
      return step;
    } catch (EventFailure failure) {
      phase = Phase.TAKING_OVER;
      return halted(held, failure.reason());
    }
  }

  private Step work(Lease held) {
    Reading reading =
        switch (phase) {
          case PENDING -> subscriptions.pending(held, last, LIVE_ENTRIES);
          case LIVE -> subscriptions.next(held, last, LIVE_ENTRIES);
          case FILLING, REFILLING, TAKING_OVER -> subscriptions.range(held, last, FILLING_ENTRIES);
        };
    return switch (reading) {
      case Reading.NotOwner refused -> over();
      case Reading.Lost gone -> lost(held, "the log does not hold %s any more".formatted(last));
      case Reading.Entries(List<LogEntry> read) -> read.isEmpty() ? end(held) : process(held, read);
    };
  }

  /** Nothing was read: goes on to the next phase, or has nothing to do. */
  private Step end(Lease held) {
    return switch (phase) {
      case PENDING -> {
        phase = Phase.LIVE;
        yield Step.WORKED;
      }
      case FILLING ->
          switch (subscriptions.handOver(held, last)) {
            case DONE -> {
              grouped = true;
              phase = Phase.LIVE;
              state = PartitionState.RUNNING;
              yield Step.WORKED;
            }
            case NOT_OWNER -> over();
            case LOST -> lost(held, "the log does not hold %s any more".formatted(last));
          };
      case LIVE, REFILLING, TAKING_OVER -> Step.IDLE;
    };
  }

  private Step process(Lease held, List<LogEntry> read) {
    long before =
        phase == Phase.PENDING ? read.getFirst().position().sequence() - 1 : last.sequence();
    for (LogEntry entry : read) {
      long sequence = entry.position().sequence();
      if (sequence > before + 1) {
        return lost(
            held, "the log goes on at %s behind sequence %d".formatted(entry.position(), before));
      }
      before = Math.max(before, sequence);
    }
    for (int from = 0; from < read.size(); ) {
      List<LogEntry> part = atMost(read.subList(from, read.size()));
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
    // Fewer than asked for: that was the end of the log, and what comes is told by a signal.
    return phase == Phase.LIVE && read.size() < LIVE_ENTRIES ? Step.IDLE : Step.WORKED;
  }

  /** Applies what stands before a failing event, so that nothing else waits for it; then halts. */
  private Step before(Lease held, List<LogEntry> part, EventFailure failure) {
    EventFailure current = failure;
    while (current.entry() > 0) {
      try {
        Step step = settled(held, part.subList(0, current.entry()));
        if (step != Step.WORKED) {
          return step;
        }
        break;
      } catch (EventFailure earlier) {
        current = earlier;
      }
    }
    phase = resumed();
    return halted(held, current.reason());
  }

  private Step settled(Lease held, List<LogEntry> part) throws EventFailure {
    Projector.Result result = projector.apply(held, part, recorded);
    Step step = applied(held, result);
    if (step != Step.WORKED || !(result instanceof Projector.Result.Applied applied)) {
      return step;
    }
    Position end = part.getLast().position();
    long passed = events;
    var acknowledged = new ArrayList<Position>();
    for (LogEntry entry : part) {
      if (entry.position().sequence() > settled.sequence()) {
        passed += entry.events();
      }
      if (grouped) {
        acknowledged.add(entry.position());
      }
    }
    var settlement = new Subscriptions.Settlement(end, passed, acknowledged, applied.shards());
    return switch (subscriptions.settle(held, settlement)) {
      case DONE -> {
        events = passed;
        if (end.sequence() > settled.sequence()) {
          settled = end;
        }
        if (end.sequence() > last.sequence()) {
          last = end;
        }
        yield goesOn(held);
      }
      case NOT_OWNER -> over();
      case LOST -> lost(held, "the log does not hold %s any more".formatted(end));
    };
  }

  private Step applied(Lease held, Projector.Result result) {
    return switch (result) {
      case Projector.Result.Applied(Map<Integer, Position> shards) -> {
        recorded.putAll(shards);
        yield Step.WORKED;
      }
      case Projector.Result.NotOwner refused -> over();
      case Projector.Result.Gone gone -> over();
      case Projector.Result.Regressed(int shard) -> Step.RETAKE;
      case Projector.Result.Lost gone ->
          lost(held, "events behind %s are not the ones that the log names".formatted(last));
    };
  }

  /** The part of some entries that makes one batch: an append is never split. */
  private static List<LogEntry> atMost(List<LogEntry> entries) {
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
    state = PartitionState.HALTED;
    if (!problem.equals(HALTED + reason)) {
      problem = HALTED + reason;
      if (subscriptions.report(held, problem) == Subscriptions.Outcome.NOT_OWNER) {
        return over();
      }
    }
    return Step.HALTED;
  }

  /** Records that something else than an event or the store has failed; takes over anew. */
  Step failed(RuntimeException unexpected) {
    Lease held = lease;
    phase = Phase.TAKING_OVER;
    return held == null ? Step.OVER : halted(held, unexpected.toString());
  }

  private Step goesOn(Lease held) {
    if (!problem.isEmpty()) {
      problem = "";
      state = grouped ? PartitionState.RUNNING : PartitionState.FILLING;
      if (subscriptions.report(held, "") == Subscriptions.Outcome.NOT_OWNER) {
        return over();
      }
    }
    return Step.WORKED;
  }

  private Step lost(Lease held, String what) {
    problem =
        LOST
            + "history of partition %d was lost, %s: rebuild the projection"
                .formatted(partition, what);
    subscriptions.report(held, problem);
    return lost(held);
  }

  private Step lost(Lease held) {
    subscriptions.release(held);
    lease = null;
    state = PartitionState.LOST_HISTORY;
    return Step.OVER;
  }

  private Step over() {
    lease = null;
    state = PartitionState.NOT_OWNED;
    return Step.OVER;
  }
}
