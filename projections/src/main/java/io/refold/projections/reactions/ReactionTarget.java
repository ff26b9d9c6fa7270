package io.refold.projections.reactions;

import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.projections.EventFailure;
import io.refold.projections.Target;
import io.refold.projections.store.Heads;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Parking;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles the events of a partition in order. It has no shards: how far it is, is what was settled.
 *
 * <p>What was handled and could not be settled is remembered, so that only another process repeats
 * it: where an event of an append fails, those before it are not handled again with each attempt.
 */
final class ReactionTarget implements Target {
  static final String REMEDY = "start it anew there with ProjectionWorkers.startAnew";
  private static final Logger LOG = LoggerFactory.getLogger(ReactionTarget.class);

  private final Handling handling;
  private final Heads none;
  private final Map<Integer, Set<Handled>> unsettled = new ConcurrentHashMap<>();

  /** Names an event for good: after a loss of history the same version may be another event. */
  private record Handled(Position position, StreamId stream, long version) {
    static Handled of(StoredEvent event) {
      return new Handled(event.position(), event.stream(), event.version());
    }
  }

  ReactionTarget(Handling handling, Heads none) {
    this.handling = handling;
    this.none = none;
  }

  @Override
  public Heads heads() {
    return none;
  }

  @Override
  public boolean careful() {
    return true;
  }

  @Override
  public boolean tick(Lease lease) {
    return handling.tick(lease);
  }

  @Override
  public Result apply(
      Lease lease,
      List<StoredEvent> events,
      Position last,
      Parking parking,
      Map<Integer, Position> recorded)
      throws EventFailure {
    Set<Handled> done = unsettled.computeIfAbsent(lease.partition(), number -> new HashSet<>());
    if (!events.isEmpty()) { // what stands before a failing event may be applied without it
      done.retainAll(events.stream().map(Handled::of).toList());
    }
    for (StoredEvent event : events) {
      if (parking.parks(event)) {
        continue;
      }
      if (parking.drops(event)) {
        drop(event);
      } else if (!done.contains(Handled.of(event))) {
        handling.runInWorker(event);
        done.add(Handled.of(event));
      }
    }
    return new Result.Applied(Map.of(), List.of());
  }

  /**
   * Does what is still to be done about a dropped event, as far as it can be: it may be the very
   * thing that fails.
   */
  @SuppressWarnings("CatchFail") // an event is dropped whatever is wrong with it
  private void drop(StoredEvent event) {
    try {
      handling.drop(event);
    } catch (Throwable e) {
      String why = EventFailure.of(event, e).getMessage();
      LOG.error("dropped with all that it asks for, which cannot be done either: {}", why);
    }
  }

  @Override
  public String remedy() {
    return REMEDY;
  }

  /** Events behind what is settled come by themselves. */
  @Override
  public Retried retry(Lease lease, StoredEvent event, Parking parking, Position settled)
      throws EventFailure {
    if (parking.drops(event)) {
      drop(event);
    } else if (event.position().sequence() <= settled.sequence()) {
      handling.runInWorker(event);
    }
    return Retried.DONE;
  }
}
