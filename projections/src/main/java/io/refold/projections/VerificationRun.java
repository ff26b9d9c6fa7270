package io.refold.projections;

import io.refold.eventstore.Position;
import io.refold.eventstore.StreamId;
import io.refold.projections.RebuildProgress.State;
import io.refold.projections.store.DroppedEvent;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generations.Catalog;
import io.refold.projections.store.Generations.Filling;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Generations.Purpose;
import io.refold.projections.store.Generations.Start;
import io.refold.projections.store.Generations.Terms;
import io.refold.projections.store.ParkedStream;
import io.refold.projections.store.Subscriptions.Outlook;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Coordinates a verification, step by step; the workers of all processes fill the shadow.
 * Thread-safe.
 *
 * <p>Its way: create the shadow with a bound at zero; move the bound to what the live generation
 * has settled, again and again, until the shadow is close behind; fence the live one, so that its
 * positions are final; bring its shards to the same positions, where the fence has cut a batch;
 * move the bound there; wait until the shadow is there; compare; lift the fence and remove the
 * shadow. A verification whose process dies is cancelled by the next one that sees it.
 */
final class VerificationRun extends FillingRun {
  private static final int ROUNDS = 20;
  private static final Duration GRACE = Duration.ofSeconds(5);
  private static final Duration CREATION = Duration.ofSeconds(10);

  private final RowFormat<?> format;
  private final Map<Integer, Position> bounds = new HashMap<>();
  private final long patient = System.nanoTime() + CREATION.toNanos();
  private int rounds;
  private @Nullable Standstill standstill;
  private long fenced;
  private @Nullable Verification result;

  private VerificationRun(
      ProjectionStore store,
      RowFormat<?> format,
      Filling filling,
      String coordinator,
      Duration lease) {
    super(store, format, filling, coordinator, lease);
    this.format = format;
  }

  /**
   * Starts a verification.
   *
   * @throws RebuildRunningException if one, or a rebuild, is under way
   * @throws ReadModelMissingException if there are no rows
   */
  static VerificationRun start(
      ProjectionStore store, RowFormat<?> format, String worker, Duration lease) {
    String coordinator = worker + "/" + UUID.randomUUID();
    Filling filling = started(store, format, Purpose.VERIFICATION, coordinator, lease);
    return new VerificationRun(store, format, filling, coordinator, lease);
  }

  /** Starts something that stands beside the live generation of a version and has its shards. */
  static Filling started(
      ProjectionStore store,
      RowFormat<?> format,
      Purpose purpose,
      String coordinator,
      Duration lease) {
    Catalog catalog = store.generations().look(format.name(), format.version());
    Layout live = catalog.live().orElseThrow(() -> ReadModelMissingException.of(store, format));
    Start start =
        store
            .generations()
            .start(
                format.name(),
                format.shape(live.shape().shards()),
                purpose,
                new Terms(0, false, true),
                coordinator,
                lease);
    return switch (start) {
      case Start.Started(Filling filling, boolean resumed) -> filling;
      case Start.Running running -> throw new RebuildRunningException(running);
      case Start.NothingLive none -> throw ReadModelMissingException.of(store, format);
    };
  }

  /** Returns what was found; null before its end. */
  synchronized @Nullable Verification result() {
    return result;
  }

  @Override
  String what() {
    return "verification";
  }

  @Override
  void leaving() {
    hurry();
  }

  @Override
  void leave() {
    cancel();
  }

  @Override
  void create() {
    GenerationKeys.of(store(), format, generations().fresh()).createBounded(old());
  }

  @Override
  boolean advance(List<Outlook> fresh) {
    return switch (progress().state()) {
      case FILLING -> near(fresh) && fence();
      case COMPARING -> compareAt(fresh);
      case PAUSED, SWITCHING, DONE, CANCELLED, FAILED -> false;
    };
  }

  /** Moves the bounds to where the live generation is; tells whether little is left to do. */
  private boolean near(List<Outlook> fresh) {
    boolean there = Standstill.reached(fresh, bounds);
    long behind = 0;
    for (int partition = 0; partition < fresh.size(); partition++) {
      Optional<Outlook> live = store().subscriptions().outlook(partition, old());
      if (live.isEmpty() && System.nanoTime() - patient < 0) {
        return false; // workers that have just started are about to create it
      }
      if (live.isEmpty() || live.get().state().problem().startsWith(PartitionOwner.LOST)) {
        fail("partition %d has lost its rows or its history, rebuild".formatted(partition), null);
        return false;
      }
      Position settled = live.get().state().settled();
      if (!settled.equals(bounds.put(partition, settled))) {
        store().subscriptions().bound(fresh(), settled);
      }
      behind += live.get().state().events() - fresh.get(partition).state().events();
    }
    if (there) {
      rounds++;
    }
    return there && (behind <= NEAR || rounds > ROUNDS);
  }

  private boolean fence() {
    fenced = System.nanoTime();
    Optional<Standstill> fence = Standstill.of(store(), format, generations(), this::stillHolds);
    if (fence.isEmpty() || !fence.get().lost().isEmpty()) {
      fail(
          fence.isEmpty()
              ? "a generation's keys are gone"
              : "the log has lost %s, rebuild".formatted(fence.get().lost()),
          null);
      return true;
    }
    List<EventAddress> dropped = droppedMeanwhile();
    if (!dropped.isEmpty()) {
      fail("event %s was dropped meanwhile, verify again".formatted(named(dropped)), null);
      return true;
    }
    try {
      fence.get().complete();
    } catch (EventFailure failure) {
      fail(failure.reason(), failure);
      return true;
    }
    fence.get().positions().values().forEach(end -> store().subscriptions().bound(fresh(), end));
    standstill = fence.get();
    reached(State.COMPARING);
    return true;
  }

  private boolean compareAt(List<Outlook> fresh) {
    Standstill at = standstill;
    if (at == null) {
      throw new IllegalStateException("nothing stands still");
    }
    if (Standstill.reached(fresh, at.positions())) {
      compare(at);
      return true;
    }
    if (System.nanoTime() - fenced > lease().plus(GRACE).toNanos()) {
      fail("the workers did not reach the same positions in time, verify again", null);
    }
    return false;
  }

  private void compare(Standstill at) {
    var comparison = new Comparison(store().views(), format, generations(), this::stillHolds);
    for (int shard = 0; shard < generations().old().shape().shards(); shard++) {
      comparison.shard(shard);
    }
    var positions = new ArrayList<Position>();
    var dropped = new ArrayList<DroppedEvent>();
    var parked = new ArrayList<ParkedStream>();
    var failing = new ArrayList<ParkedStream>();
    for (int partition = 0; partition < store().events().partitions(); partition++) {
      positions.add(at.positions().getOrDefault(partition, Position.origin(partition)));
      dropped.addAll(store().parkedStreams().dropped(partition, old()));
      List<ParkedStream> waiting = store().parkedStreams().parked(partition, old());
      parked.addAll(waiting);
      failing.addAll(failing(store().parkedStreams().parked(partition, fresh()), waiting));
    }
    if (!end(State.DONE)) { // whoever has ended it has lifted the fence: nothing was compared
      endedElsewhere();
      return;
    }
    result =
        new Verification(
            projection(),
            format.version(),
            positions,
            comparison.rows(),
            comparison.differing(),
            comparison.entries(),
            dropped,
            parked,
            failing,
            Duration.ofNanos(System.nanoTime() - fenced));
  }

  /** Returns those of the shadow's parked streams that wait in it from an earlier event on. */
  private static List<ParkedStream> failing(List<ParkedStream> shadow, List<ParkedStream> live) {
    Map<StreamId, Long> waiting =
        live.stream().collect(Collectors.toMap(ParkedStream::stream, ParkedStream::version));
    return shadow.stream()
        .filter(waits -> waits.version() < waiting.getOrDefault(waits.stream(), Long.MAX_VALUE))
        .toList();
  }
}
