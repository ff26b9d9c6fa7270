package io.refold.projections;

import io.refold.eventstore.Position;
import io.refold.projections.RebuildProgress.State;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations;
import io.refold.projections.store.Heads;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Subscriptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
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
 * them; switch; drop the old one. Between fencing and switching nobody's rows move, and readers see
 * the old ones. Whatever else ends it removes the fresh generation and lifts the fence.
 */
final class RebuildRun {
  private static final Logger LOG = LoggerFactory.getLogger(RebuildRun.class);

  private final ProjectionStore store;
  private final Subscriber subscriber;
  private final Generations.Switch rebuild;
  private final String coordinator;
  private final Duration lease;
  private final Map<Integer, Position> targets = new HashMap<>();
  private final long began = System.nanoTime();
  private long eventsBefore = -1;
  private boolean created;
  private volatile RebuildProgress progress =
      new RebuildProgress(State.FILLING, 0, 0, 0, Optional.empty());
  private volatile @Nullable RuntimeException failure;

  private RebuildRun(
      ProjectionStore store,
      Subscriber subscriber,
      Generations.Switch rebuild,
      String coordinator,
      Duration lease) {
    this.store = store;
    this.subscriber = subscriber;
    this.rebuild = rebuild;
    this.coordinator = coordinator;
    this.lease = lease;
  }

  /**
   * Starts a rebuild, or resumes one that has lost its coordinator.
   *
   * @throws RebuildRunningException if another one is under way
   */
  static RebuildRun start(ProjectionStore store, Subscriber format, String worker, Duration lease) {
    Generations.Shape shape = format.shape(store.shards());
    String coordinator = worker + "/" + UUID.randomUUID();
    GenerationKeys.of(store, format, store.generations().open(format.name(), shape)).create();
    return switch (store.generations().start(format.name(), shape, coordinator, lease)) {
      case Generations.Start.Started(Generations.Switch rebuild, boolean resumed) -> {
        LOG.info(
            "rebuild of '{}' {}: generation {} beside {}",
            format.name(),
            resumed ? "resumed" : "started",
            rebuild.fresh().generation().number(),
            rebuild.old().generation().number());
        yield new RebuildRun(store, format, rebuild, coordinator, lease);
      }
      case Generations.Start.Running(String other) ->
          throw new RebuildRunningException(format.name(), other);
      case Generations.Start.NothingLive none ->
          throw new RebuildFailedException(
              "version %d of projection '%s' has no rows to rebuild"
                  .formatted(format.version(), format.name()),
              null);
    };
  }

  /** Goes on with a rebuild that has lost its coordinator; empty if there is none. */
  static Optional<RebuildRun> resume(
      ProjectionStore store, Subscriber format, String worker, Duration lease) {
    Generations.Shape shape = format.shape(store.shards());
    String coordinator = worker + "/" + UUID.randomUUID();
    return store.generations().resume(format.name(), shape, coordinator, lease)
            instanceof Generations.Start.Started(Generations.Switch rebuild, boolean resumed)
        ? Optional.of(new RebuildRun(store, format, rebuild, coordinator, lease))
        : Optional.empty();
  }

  /** Lets another coordinator go on at once. */
  synchronized void handBack() {
    if (!progress.ended()) {
      boolean kept = store.generations().keep(rebuild, coordinator, Duration.ZERO);
      LOG.info("rebuild of '{}' handed back: {}", projection(), kept);
    }
  }

  String projection() {
    return fresh().projection();
  }

  Generations.Switch generations() {
    return rebuild;
  }

  RebuildProgress progress() {
    return progress;
  }

  @Nullable RuntimeException failure() {
    return failure;
  }

  private Generation fresh() {
    return rebuild.fresh().generation();
  }

  private Generation old() {
    return rebuild.old().generation();
  }

  /** Does the next thing there is to do; returns whether something was done. */
  synchronized boolean step() {
    if (progress.ended()) {
      return false;
    }
    if (!store.generations().keep(rebuild, coordinator, lease)) {
      endedElsewhere();
      return true;
    }
    if (!created) {
      GenerationKeys.of(store, subscriber, rebuild.fresh()).createAfter(old());
      created = true;
    }
    List<Subscriptions.Outlook> outlooks = outlooks();
    if (progress.ended()) {
      return true;
    }
    return switch (progress.state()) {
      case FILLING -> handedOver(outlooks) && fence();
      case SWITCHING -> reached(outlooks) && flip();
      case DONE, CANCELLED, FAILED -> false;
    };
  }

  /** Looks at all partitions of the fresh generation, and fails if one cannot go on. */
  private List<Subscriptions.Outlook> outlooks() {
    var outlooks = new ArrayList<Subscriptions.Outlook>();
    long events = 0;
    long total = 0;
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      Optional<Subscriptions.Outlook> seen = store.subscriptions().outlook(partition, fresh());
      if (seen.isEmpty()) {
        fail("its keys in partition %d are gone".formatted(partition), null);
        return outlooks;
      }
      String problem = seen.get().state().problem();
      if (!problem.isEmpty() && !problem.startsWith(PartitionOwner.RETRYING)) {
        fail(problem, null);
        return outlooks;
      }
      outlooks.add(seen.get());
      events += seen.get().state().events();
      total += seen.get().headEvents();
    }
    measure(progress.state(), events, total);
    return outlooks;
  }

  private void measure(State state, long events, long total) {
    if (eventsBefore < 0) {
      eventsBefore = events;
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    double rate = seconds > 0 ? (events - eventsBefore) / seconds : 0;
    Optional<Duration> remaining =
        rate > 0
            ? Optional.of(Duration.ofMillis((long) (1000 * Math.max(0, total - events) / rate)))
            : Optional.empty();
    progress = new RebuildProgress(state, events, total, rate, remaining);
  }

  private static boolean handedOver(List<Subscriptions.Outlook> outlooks) {
    return outlooks.stream().allMatch(outlook -> outlook.state().grouped());
  }

  /** Stops the old generation, and notes how far each of its partitions has come. */
  private boolean fence() {
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      Optional<Subscriptions.Fence> fence = store.subscriptions().fence(partition, old(), fresh());
      if (fence.isEmpty()) {
        fail("a generation's keys in partition %d are gone".formatted(partition), null);
        return true;
      }
      var reached = new ArrayList<Position>();
      reached.add(fence.get().settled());
      for (int shard = 0; shard < rebuild.old().shape().shards(); shard++) {
        fence(shard, fence.get().lease());
        subscriber
            .heads(store)
            .head(old(), shard, partition)
            .ifPresent(head -> reached.add(head.checkpoint()));
      }
      targets.put(partition, newest(partition, reached));
    }
    progress = with(State.SWITCHING);
    return true;
  }

  /** Returns the newest of some positions; one that the log has lost cannot be waited for. */
  private Position newest(int partition, List<Position> reached) {
    List<Position> lost = store.subscriptions().missing(partition, reached);
    if (!lost.isEmpty()) {
      LOG.warn("generation {} has applied {}, which the log has lost", old(), lost);
    }
    return reached.stream()
        .filter(position -> !lost.contains(position))
        .max(Comparator.comparingLong(Position::sequence))
        .orElse(Position.origin(partition));
  }

  /**
   * A head may hold a higher epoch than its partition where the partition's server was replaced.
   */
  private void fence(int shard, Lease fence) {
    Heads heads = subscriber.heads(store);
    if (heads.fence(shard, fence) instanceof Heads.Fencing.Refused(long epoch)) {
      heads.fence(
          shard, new Lease(fence.generation(), fence.partition(), fence.owner(), epoch + 1));
    }
  }

  private boolean reached(List<Subscriptions.Outlook> outlooks) {
    for (int partition = 0; partition < outlooks.size(); partition++) {
      Position target = targets.getOrDefault(partition, Position.origin(partition));
      if (outlooks.get(partition).state().settled().sequence() < target.sequence()) {
        return false;
      }
    }
    return true;
  }

  private boolean flip() {
    if (!store.generations().flip(rebuild)) {
      endedElsewhere();
      return true;
    }
    GenerationKeys.of(store, subscriber, rebuild.fresh()).show();
    progress = with(State.DONE);
    LOG.info("rebuild of '{}' done: generation {} is read", projection(), fresh().number());
    GenerationKeys.of(store, subscriber, rebuild.old()).delete();
    return true;
  }

  /**
   * Ends the rebuild and removes what it has made.
   *
   * @return false if it had ended before
   */
  synchronized boolean cancel() {
    if (progress.ended() || !store.generations().cancel(rebuild)) {
      return false;
    }
    progress = with(State.CANCELLED);
    remove();
    return true;
  }

  void fail(String reason, @Nullable Throwable cause) {
    if (!store.generations().cancel(rebuild)) { // another coordinator has ended it meanwhile
      endedElsewhere();
      return;
    }
    failure =
        new RebuildFailedException(
            "rebuild of projection '%s' has failed, its rows are what they were: %s"
                .formatted(projection(), reason),
            cause);
    progress = with(State.FAILED);
    remove();
  }

  private void remove() {
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      store.subscriptions().cancel(partition, fresh(), old());
    }
    GenerationKeys.of(store, subscriber, rebuild.fresh()).deleteRows();
  }

  private void endedElsewhere() {
    Generations.Catalog catalog =
        store.generations().look(projection(), rebuild.fresh().shape().version());
    if (catalog.live().equals(Optional.of(rebuild.fresh()))) {
      GenerationKeys.of(store, subscriber, rebuild.fresh()).show();
      progress = with(State.DONE);
    } else if (catalog.rebuild().equals(Optional.of(rebuild))) {
      failure =
          new RebuildFailedException(
              "another process goes on with the rebuild of projection '%s': this one has not been seen for its lease"
                  .formatted(projection()),
              null);
      progress = with(State.FAILED);
    } else {
      progress = with(State.CANCELLED);
    }
  }

  private RebuildProgress with(State state) {
    RebuildProgress now = progress;
    return new RebuildProgress(
        state, now.events(), now.total(), now.eventsPerSecond(), now.remaining());
  }
}
