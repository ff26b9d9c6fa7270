package io.refold.projections;

import io.refold.eventstore.Position;
import io.refold.projections.RebuildProgress.State;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generations.Filling;
import io.refold.projections.store.Generations.Purpose;
import io.refold.projections.store.Generations.Shape;
import io.refold.projections.store.Generations.Start;
import io.refold.projections.store.ParkedStreams.Request;
import io.refold.projections.store.Subscriptions.Outlook;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Coordinates a rebuild, step by step; the workers of all processes do the filling. Thread-safe.
 *
 * <p>Its way: create the fresh generation; wait until every partition has read its log to the end;
 * fence the old generation, so that its positions are final; wait until the fresh one has reached
 * them; switch; drop the old one. An event that was dropped after the fresh one had inherited ends
 * it, else the switch would undo the drop. Between fencing and switching nobody's rows move, and
 * readers see the old ones. The first generation of a version replaces none: there is nothing to
 * fence or drop, and processes of other versions go on with theirs.
 */
final class RebuildRun extends FillingRun {
  private static final Logger LOG = LoggerFactory.getLogger(RebuildRun.class);

  private Map<Integer, Position> targets = Map.of();

  private RebuildRun(
      ProjectionStore store,
      Subscriber subscriber,
      Filling rebuild,
      String coordinator,
      Duration lease) {
    super(store, subscriber, rebuild, coordinator, lease);
  }

  /**
   * Starts a rebuild, or resumes one that has lost its coordinator.
   *
   * @param options how it goes; null leaves one that is resumed as it was
   * @throws RebuildRunningException if another one is under way
   */
  static RebuildRun start(
      ProjectionStore store,
      Subscriber format,
      @Nullable RebuildOptions options,
      String worker,
      Duration lease) {
    Shape shape = format.shape(store.shards());
    String coordinator = worker + "/" + UUID.randomUUID();
    Opening.of(store, format).ifPresent(live -> GenerationKeys.of(store, format, live).create());
    var terms = (options == null ? RebuildOptions.PLAIN : options).terms();
    Start start =
        store.generations().start(format.name(), shape, Purpose.REBUILD, terms, coordinator, lease);
    return switch (start) {
      case Start.Started(Filling rebuild, boolean resumed) -> {
        var run = started(store, format, rebuild, resumed, coordinator, lease);
        if (resumed && options != null) {
          run.direct(now -> terms);
        }
        yield run;
      }
      case Start.Running running -> throw new RebuildRunningException(running);
      case Start.NothingLive none ->
          throw new RebuildFailedException(
              "version %d of projection '%s' has no rows to rebuild"
                  .formatted(format.version(), format.name()),
              null);
    };
  }

  /**
   * Does what nobody needs to ask for; empty if there is nothing for this process to coordinate.
   */
  static Optional<RebuildRun> adopt(
      ProjectionStore store, Subscriber format, String worker, Duration lease) {
    String coordinator = worker + "/" + UUID.randomUUID();
    return store
                .generations()
                .adopt(format.name(), format.shape(store.shards()), coordinator, lease)
            instanceof Start.Started(Filling rebuild, boolean resumed)
        ? Optional.of(started(store, format, rebuild, resumed, coordinator, lease))
        : Optional.empty();
  }

  private static RebuildRun started(
      ProjectionStore store,
      Subscriber format,
      Filling rebuild,
      boolean resumed,
      String coordinator,
      Duration lease) {
    LOG.info(
        "rebuild of '{}' {}: generation {} of version {} beside {}",
        format.name(),
        resumed ? "resumed" : "started",
        rebuild.fresh().generation().number(),
        rebuild.fresh().shape().version(),
        rebuild.old().generation().number());
    return new RebuildRun(store, format, rebuild, coordinator, lease);
  }

  @Override
  String what() {
    return "rebuild";
  }

  @Override
  void leave() {
    handBack();
  }

  @Override
  void create() {
    GenerationKeys.of(store(), subscriber(), generations().fresh()).createAfter(old());
  }

  @Override
  boolean advance(List<Outlook> fresh) {
    return switch (progress().state()) {
      case FILLING ->
          handedOver(fresh) && near(fresh) && (generations().replaces() ? fence() : flip());
      case SWITCHING -> Standstill.reached(fresh, targets) && (dropLost() || flip());
      case PAUSED, COMPARING, DONE, CANCELLED, FAILED -> false;
    };
  }

  private static boolean handedOver(List<Outlook> outlooks) {
    return outlooks.stream().allMatch(outlook -> outlook.state().grouped());
  }

  /** Tells whether little is left, so that rows stand still for a moment only. */
  private boolean near(List<Outlook> fresh) {
    long behind = 0;
    for (Outlook outlook : fresh) {
      int partition = outlook.head().partition();
      if (outlook.state().settled().sequence() < outlook.head().sequence()) {
        long target = outlook.headEvents();
        if (generations().replaces()) {
          target =
              store()
                  .subscriptions()
                  .outlook(partition, old())
                  .map(live -> live.state().events())
                  .filter(events -> events < outlook.headEvents())
                  .orElse(target);
        }
        behind += Math.max(0, target - outlook.state().events());
      }
    }
    return behind <= NEAR;
  }

  /** Ends it if the switch would lose a drop; where history was lost, none can be done any more. */
  private boolean dropLost() {
    var events = new ArrayList<>(droppedMeanwhile());
    for (int partition = 0; partition < store().events().partitions(); partition++) {
      if (store()
          .subscriptions()
          .outlook(partition, old())
          .filter(live -> !live.state().problem().startsWith(PartitionOwner.LOST))
          .isPresent()) {
        for (Request request : store().parkedStreams().asked(partition, old())) {
          if (request instanceof Request.Drop drop) {
            events.add(new EventAddress(drop.stream(), drop.version()));
          }
        }
      }
    }
    if (events.isEmpty()) {
      return false;
    }
    fail("event %s was dropped meanwhile, start the rebuild again".formatted(named(events)), null);
    return true;
  }

  /** Stops the old generation, and notes how far each of its partitions has come. */
  private boolean fence() {
    Optional<Standstill> standstill =
        Standstill.of(store(), subscriber(), generations(), this::stillHolds);
    if (standstill.isEmpty()) {
      fail("a generation's keys are gone", null);
      return true;
    }
    if (!standstill.get().lost().isEmpty()) {
      LOG.warn("{} has applied {}, which the log has lost", old(), standstill.get().lost());
    }
    if (dropLost()) {
      return true;
    }
    targets = standstill.get().positions();
    reached(State.SWITCHING);
    return true;
  }

  private boolean flip() {
    if (!store().generations().flip(generations())) {
      endedElsewhere();
      return true;
    }
    GenerationKeys.of(store(), subscriber(), generations().fresh()).show();
    reached(State.DONE);
    LOG.info("rebuild of '{}' done: generation {} is read", projection(), fresh().number());
    if (generations().replaces()) {
      GenerationKeys.of(store(), subscriber(), generations().old()).delete();
    }
    return true;
  }
}
