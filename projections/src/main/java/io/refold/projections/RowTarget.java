package io.refold.projections;

import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.projections.store.Generations;
import io.refold.projections.store.Heads;
import io.refold.projections.store.Heads.Note;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Views;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Applies events to the rows of one generation. Shared by the owners of all partitions in a
 * process.
 *
 * <p>All shards of a batch are read and folded before the first is written, so an event that fails
 * leaves no trace. Each shard is then written by compare-and-set of the partition's checkpoint and
 * the rows' revisions: who comes second reads and folds that shard again. Where rows are shared by
 * partitions, owners of one process take turns instead: a lock per shard, taken in the order of the
 * shards.
 */
final class RowTarget<V> implements Target {
  private static final int MAX_PAUSE_MILLIS = 32;

  private final ProjectionStore store;
  private final RowFormat<V> format;
  private final Generations.Layout layout;
  private final StreamStates states;
  private final List<ReentrantLock> locks = new ArrayList<>();

  RowTarget(ProjectionStore store, RowFormat<V> format, Generations.Layout layout) {
    this.store = store;
    this.format = format;
    this.layout = layout;
    this.states = new StreamStates(store.events()::read);
    if (format.shared()) {
      for (int shard = 0; shard < shards(); shard++) {
        locks.add(new ReentrantLock());
      }
    }
  }

  private int shards() {
    return layout.shape().shards();
  }

  @Override
  public Heads heads() {
    return store.views();
  }

  @Override
  public Result apply(
      Lease lease,
      List<StoredEvent> events,
      Position last,
      Parking parking,
      Map<Integer, Position> recorded)
      throws EventFailure {
    Batch<V> batch;
    try {
      batch = Batch.of(format, shards(), store.events(), states, events, last, parking);
    } catch (MissingEvents lost) {
      return new Result.Lost(lost.what());
    }
    Map<Integer, List<String>> open = batch.keys();
    var done = new HashMap<Integer, Position>();
    List<ReentrantLock> held = lock(open.keySet());
    try {
      for (int attempt = 0; !open.isEmpty(); attempt++) {
        if (attempt > 0) {
          int most = Math.min(MAX_PAUSE_MILLIS, 1 << Math.min(attempt, 5));
          Pause.of(Duration.ofMillis(ThreadLocalRandom.current().nextInt(most + 1)));
        }
        Optional<Result> end = attempt(lease, batch, open, recorded, done);
        if (end.isPresent()) {
          return end.get();
        }
      }
    } finally {
      held.forEach(ReentrantLock::unlock);
    }
    return new Result.Applied(done, batch.outdating());
  }

  /** One round of read, fold and commit over the shards that are still open. */
  private Optional<Result> attempt(
      Lease lease,
      Batch<V> batch,
      Map<Integer, List<String>> open,
      Map<Integer, Position> recorded,
      Map<Integer, Position> done)
      throws EventFailure {
    var read = store.views().read(lease.generation(), lease.partition(), open, batch.waiting());
    if (read.isEmpty()) {
      return Optional.of(new Result.Gone());
    }
    var commits = new ArrayList<Views.Commit>();
    for (var shard : read.get().entrySet()) {
      Position checkpoint = shard.getValue().checkpoint();
      Position expected = recorded.get(shard.getKey());
      if (expected != null && checkpoint.sequence() < expected.sequence()) {
        return Optional.of(new Result.Regressed(shard.getKey()));
      }
      Optional<Views.Commit> commit = batch.fold(shard.getKey(), shard.getValue());
      if (commit.isPresent()) {
        commits.add(commit.get());
      } else {
        done.put(shard.getKey(), checkpoint);
        open.remove(shard.getKey());
      }
    }
    for (var outcome : store.views().commit(lease, commits).entrySet()) {
      switch (outcome.getValue()) {
        case DONE -> {
          open.remove(outcome.getKey());
          done.put(outcome.getKey(), batch.last());
        }
        case CONFLICT -> {}
        case FENCED -> {
          return Optional.of(new Result.NotOwner());
        }
        case GONE -> {
          return Optional.of(new Result.Gone());
        }
      }
    }
    return Optional.empty();
  }

  @Override
  public Retried retry(Lease lease, StoredEvent event, Parking parking, Position settled)
      throws EventFailure {
    if (event.position().sequence() > settled.sequence()) { // most likely it is still to come
      switch (passed(lease, event)) {
        case GONE -> {
          return Retried.GONE;
        }
        case NONE -> {
          return Retried.DONE;
        }
        case SOME -> {}
      }
    }
    Batch<V> batch;
    try {
      batch = Batch.again(format, shards(), store.events(), states, event, parking);
    } catch (MissingEvents lost) {
      throw new EventFailure(event, lost);
    }
    StreamId stream = event.stream();
    Map<Integer, List<String>> touched = batch.keys();
    for (int shard = 0; shard < shards(); shard++) { // every note moves, so that all agree
      touched.putIfAbsent(shard, List.of());
    }
    List<ReentrantLock> held = lock(touched.keySet());
    try {
      var read =
          store.views().read(lease.generation(), lease.partition(), touched, List.of(stream));
      if (read.isEmpty()) {
        return Retried.GONE;
      }
      var commits = new ArrayList<Views.Commit>();
      for (var shard : read.get().entrySet()) {
        @Nullable Note note = shard.getValue().notes().get(stream);
        long passed = Math.max(settled.sequence(), shard.getValue().checkpoint().sequence());
        if (note != null
            && note.version() < event.version()
            && event.position().sequence() <= passed) {
          commits.add(batch.again(shard.getKey(), shard.getValue(), event, note));
        }
      }
      return retried(store.views().commit(lease, commits).values());
    } finally {
      held.forEach(ReentrantLock::unlock);
    }
  }

  private enum Passed {
    SOME,
    NONE,
    GONE
  }

  /**
   * Tells whether a shard has passed an event. One that none has is applied with what comes, and
   * must not be tried before: if it failed, it would be parked behind events that are to be applied
   * yet.
   */
  private Passed passed(Lease lease, StoredEvent event) {
    Map<Integer, List<String>> all = new HashMap<>();
    for (int shard = 0; shard < shards(); shard++) {
      all.put(shard, List.of());
    }
    return store
        .views()
        .read(lease.generation(), lease.partition(), all, List.of())
        .map(shards ->
            shards.values().stream()
                    .anyMatch(shard -> shard.checkpoint().sequence() >= event.position().sequence())
                ? Passed.SOME
                : Passed.NONE)
        .orElse(Passed.GONE);
  }

  private static Retried retried(Collection<Views.Outcome> outcomes) {
    if (outcomes.contains(Views.Outcome.GONE)) {
      return Retried.GONE;
    }
    if (outcomes.contains(Views.Outcome.FENCED)) {
      return Retried.NOT_OWNER;
    }
    return outcomes.contains(Views.Outcome.CONFLICT) ? Retried.LATER : Retried.DONE;
  }

  private List<ReentrantLock> lock(Set<Integer> shards) {
    if (locks.isEmpty()) {
      return List.of();
    }
    var held = new ArrayList<ReentrantLock>();
    for (int shard : new TreeSet<>(shards)) {
      ReentrantLock lock = locks.get(shard);
      lock.lock();
      held.add(lock);
    }
    return held;
  }
}
