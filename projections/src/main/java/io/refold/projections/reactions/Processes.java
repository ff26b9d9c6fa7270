package io.refold.projections.reactions;

import io.refold.eventstore.Category;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.Recorded;
import io.refold.projections.ProjectionStore;
import io.refold.projections.StartAt;
import io.refold.projections.Subscriber;
import io.refold.projections.Target;
import io.refold.projections.store.Deadlines;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Kind;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Generations.Shape;
import io.refold.projections.store.Heads;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * All instances of a process, run by the workers it is added to. Immutable and thread-safe if the
 * process is.
 *
 * <p>Guarantees, through crashes, redelivery and two workers that both believe they own a
 * partition: each event and each deadline leads to one step of an instance or none; each command of
 * a step reaches {@link BusinessProcess#send} at least once, under an id that does not change, so
 * that a command handler does it once; an instance's commands are sent in order. A deadline fires
 * once, not before its time by the clock of the worker that owns its partition, and normally within
 * about a second; new events that this worker has been told of are handled first.
 *
 * <p>A step that fails on an event has the event parked, in the stream of its aggregate. A step
 * that fails on a deadline is logged and tried again with pauses of up to 5 minutes, until it does
 * not fail; see {@link #overdue}. A command that fails has the instance's stream parked.
 *
 * <p>An event is recognised as handled among the last 256 steps of its instance. Closing or
 * deleting the stream of an instance ends it.
 *
 * @param <S> the state of an instance
 * @param <C> the commands
 */
public final class Processes<S, C> implements Subscriber {
  private final BusinessProcess<S, C> process;
  private final Clock clock;
  private final Category<Stepped<S, C>> category;
  private final Map<String, Trigger<S, C>> triggers = new HashMap<>();

  private Processes(BusinessProcess<S, C> process, Clock clock) {
    this.process = process;
    this.clock = clock;
    Generation.checkName("process", process.name());
    category =
        Category.of(process.name(), new SteppedCodec<>(process.states(), process.commands()));
    for (Trigger<S, C> trigger : process.triggers()) {
      if (triggers.putIfAbsent(trigger.category(), trigger) != null) {
        throw new IllegalArgumentException(
            "process '%s' has two triggers of category '%s'"
                .formatted(process.name(), trigger.category()));
      }
    }
    if (triggers.isEmpty() || triggers.containsKey(process.name())) {
      throw new IllegalArgumentException(
          "process '%s' needs a trigger, and none of its own name".formatted(process.name()));
    }
  }

  /**
   * Returns a process to be run by the system's clock.
   *
   * @throws IllegalArgumentException if its name is not allowed, it has no trigger, or two of one
   *     category
   */
  public static <S, C> Processes<S, C> of(BusinessProcess<S, C> process) {
    return of(process, Clock.systemUTC());
  }

  /**
   * Returns a process to be run.
   *
   * @param clock says which deadlines have come
   * @throws IllegalArgumentException if its name is not allowed, it has no trigger, or two of one
   *     category
   */
  public static <S, C> Processes<S, C> of(BusinessProcess<S, C> process, Clock clock) {
    return new Processes<>(process, clock);
  }

  /**
   * Returns an instance; empty if it has taken no step, or was deleted.
   *
   * @throws io.refold.eventstore.StoreUnavailableException if the store cannot be read now
   */
  public Optional<Instance<S>> find(EventStore events, String id) {
    return events
        .history(category, id)
        .reduce((earlier, later) -> later)
        .map(Recorded::event)
        .map(Stepped::instance);
  }

  /**
   * Returns deadlines that should have come by now: those whose step fails, and for a moment those
   * that are about to come.
   *
   * @param limit how many at most per partition, 1 to 1,000
   * @throws io.refold.eventstore.StoreUnavailableException if the store cannot be read now
   */
  public List<Deadline> overdue(ProjectionStore store, int limit) {
    if (limit < 1 || limit > 1_000) {
      throw new IllegalArgumentException("1 to 1,000 deadlines can be listed, not " + limit);
    }
    Instant now = clock.instant();
    var overdue = new ArrayList<Deadline>();
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      for (Deadlines.Deadline late :
          store.deadlines().due(partition, name(), now, 0, limit).due()) {
        overdue.add(new Deadline(late.instance(), late.name(), late.due()));
      }
    }
    return overdue;
  }

  @Override
  public String name() {
    return process.name();
  }

  /** Returns 1: its place survives all versions of its code. */
  @Override
  public int version() {
    return 1;
  }

  @Override
  public Set<String> categories() {
    var categories = new HashSet<>(triggers.keySet());
    categories.add(category.name());
    return categories;
  }

  @Override
  public Shape shape(int shards) {
    return Kind.PROCESS.shape(version());
  }

  @Override
  public Optional<StartAt> start() {
    return Optional.of(process.start());
  }

  @Override
  public Heads heads(ProjectionStore store) {
    return store.views();
  }

  @Override
  public Target target(ProjectionStore store, Layout layout) {
    return new ReactionTarget(
        new ProcessHandling<>(
            process, category, triggers, store.events(), store.deadlines(), clock),
        store.views());
  }
}
