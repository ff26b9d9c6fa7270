package io.refold.projections;

import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.PartitionOwner.Step;
import io.refold.projections.store.Generations.Catalog;
import io.refold.projections.store.Generations.Filling;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Subscriptions.Acquisition;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a process with workers does, job by job, as its threads would: it owns partitions, starts
 * and coordinates rebuilds and verifications, and sweeps what they have left behind. Not
 * thread-safe.
 */
final class StoryProcess {
  /** What a process coordinates when it has nothing to coordinate. */
  enum Goal {
    REBUILD,
    REBUILD_PARKING,
    VERIFICATION,
    ADOPTION
  }

  private record Place(Layout layout, int partition) {}

  private final ProjectionStore store;
  private final RowFormat<Chronicle.Seen> format;
  private final String name;
  private final Duration lease;
  private final int attempts;
  private final Consumer<Verification> verified;
  private final Map<Layout, Subscription> subscriptions = new HashMap<>();
  private final Map<Place, PartitionOwner> owners = new HashMap<>();
  private final Set<PartitionOwner> retaking = new HashSet<>();
  private @Nullable FillingRun run;

  /**
   * Makes one that does nothing yet.
   *
   * @param lease of partitions and coordinators; whoever takes a very short one takes it from
   *     anybody, and loses it to anybody
   * @param attempts how often an event is tried before it is parked
   * @param verified is told what verifications find
   */
  StoryProcess(
      ProjectionStore store,
      Chronicle chronicle,
      String name,
      Duration lease,
      int attempts,
      Consumer<Verification> verified) {
    this.store = store;
    this.format = new RowFormat<>(chronicle);
    this.name = name;
    this.lease = lease;
    this.attempts = attempts;
    this.verified = verified;
  }

  private Catalog catalog() {
    return store.generations().look(format.name(), format.version());
  }

  /**
   * Does the next step in a partition.
   *
   * @param fresh whether in the generation that is being filled, else in the one that is read
   * @param take whether the partition is taken over, if it is not thought to be owned
   * @return whether something was done
   */
  boolean work(boolean fresh, int partition, boolean take) {
    Catalog catalog = catalog();
    Optional<Layout> layout = fresh ? catalog.rebuild().map(Filling::fresh) : catalog.live();
    if (layout.isEmpty()) {
      return false;
    }
    var place = new Place(layout.get(), partition);
    boolean parks = !fresh || catalog.terms().parking();
    PartitionOwner owner = owners.get(place);
    if (owner == null && take) {
      owner =
          new PartitionOwner(
              subscriptions.computeIfAbsent(
                  place.layout(),
                  read -> Subscription.of(store, format, read, SharedEvents.alone(store.events()))),
              partition,
              name,
              lease,
              new Patience(attempts, () -> parks));
      owners.put(place, owner);
    }
    return owner != null && work(place, owner, take);
  }

  private boolean work(Place place, PartitionOwner owner, boolean take) {
    try {
      if ((take && owner.lease() == null) || retaking.contains(owner)) {
        retaking.add(owner);
        boolean granted = owner.acquire() instanceof Acquisition.Granted;
        retaking.remove(owner);
        if (!granted) {
          owners.remove(place);
        }
        return granted;
      }
      Step step = owner.step();
      switch (step) {
        case RETAKE, DOUBTED -> retaking.add(owner);
        case OVER -> owners.remove(place);
        case IDLE -> owner.tick();
        case WORKED, HALTED -> {}
      }
      if (owner.state() == PartitionState.LOST_HISTORY) {
        throw new AssertionError(owner.problem());
      }
      return step == Step.WORKED || step == Step.RETAKE;
    } catch (StoreUnavailableException | ReplyLostException away) {
      owner.waiting();
      retaking.add(owner);
      return true;
    }
  }

  /**
   * Does the next step of what it coordinates.
   *
   * @param begins whether it begins something if there is nothing
   * @return whether something was done
   */
  boolean coordinate(Goal goal, boolean begins) {
    FillingRun current = run;
    if (current != null && !current.progress().ended()) {
      return step(current);
    }
    if (begins) {
      try {
        run = begun(goal);
      } catch (RebuildRunningException
          | RebuildFailedException
          | ReadModelMissingException refused) {
        // somebody else is faster
      }
    }
    return false;
  }

  private @Nullable FillingRun begun(Goal goal) {
    return switch (goal) {
      case REBUILD -> RebuildRun.start(store, format, null, name, lease);
      case REBUILD_PARKING ->
          RebuildRun.start(store, format, RebuildOptions.PLAIN.parkFailures(), name, lease);
      case VERIFICATION -> VerificationRun.start(store, format, name, lease);
      case ADOPTION -> RebuildRun.adopt(store, format, name, lease).orElse(null);
    };
  }

  private boolean step(FillingRun current) {
    boolean done = true;
    try {
      done = current.step();
    } catch (IllegalStateException ended) { // by somebody else, in the middle of a step
      current.fail(ended.toString(), ended);
    }
    if (current instanceof VerificationRun verification) {
      Verification found = verification.result();
      if (found != null) {
        verified.accept(found);
      }
    }
    return done;
  }

  /** Ends what it coordinates, at once; returns false. */
  boolean cancel() {
    FillingRun current = run;
    if (current != null) {
      current.cancel();
    }
    return false;
  }

  /**
   * Sweeps what generations that have gone may have left.
   *
   * @param last whether nothing can come back any more
   * @return false: that is all
   */
  boolean sweep(boolean last) {
    Catalog catalog = catalog();
    for (Layout gone : catalog.gone()) {
      GenerationKeys.of(store, format, gone).sweep(catalog.read());
      if (last) {
        store.generations().forget(gone.generation(), Duration.ZERO);
      }
    }
    return false;
  }
}
