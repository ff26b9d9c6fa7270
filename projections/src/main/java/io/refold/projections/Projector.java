package io.refold.projections;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.projections.store.Generations;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Views;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Applies batches to the rows of one generation. Shared by the owners of all partitions in a
 * process.
 *
 * <p>All shards of a batch are read and folded before the first is written, so an event that fails
 * leaves no trace. Each shard is then written by compare-and-set of the partition's checkpoint and
 * the rows' revisions: who comes second reads and folds that shard again. Where rows are shared by
 * partitions, owners of one process take turns instead: a lock per shard, taken in the order of the
 * shards.
 */
final class Projector<V> {
  private static final int MAX_PAUSE_MILLIS = 32;

  private final ProjectionStore store;
  private final SharedEvents events;
  private final RowFormat<V> format;
  private final Resolver resolver;
  private final Generations.Layout layout;
  private final List<ReentrantLock> locks = new ArrayList<>();

  /** What applying a batch led to. */
  sealed interface Result {
    /**
     * Every shard has it.
     *
     * @param shards the checkpoint of each shard that the batch touches
     * @param outdating the marks that tell of data which is in rows that were left as they are
     */
    record Applied(Map<Integer, Position> shards, List<StoredEvent> outdating) implements Result {}

    /** The lease is not ours any more. */
    record NotOwner() implements Result {}

    /**
     * Events are not where their log entries say.
     *
     * @param what which
     */
    record Lost(String what) implements Result {}

    /** The generation has been dropped. */
    record Gone() implements Result {}

    /**
     * A shard is behind what was recorded when settling: the partition must be taken over anew.
     *
     * @param shard which
     */
    record Regressed(int shard) implements Result {}
  }

  Projector(
      ProjectionStore store, RowFormat<V> format, Generations.Layout layout, SharedEvents events) {
    this.events = events;
    this.store = store;
    this.format = format;
    this.resolver = new Resolver(store.events(), events, format.categories());
    this.layout = layout;
    if (format.shared()) {
      for (int shard = 0; shard < layout.shape().shards(); shard++) {
        locks.add(new ReentrantLock());
      }
    }
  }

  Generations.Layout layout() {
    return layout;
  }

  ProjectionStore store() {
    return store;
  }

  /**
   * Applies consecutive log entries. Applying them again changes nothing.
   *
   * @param recorded the checkpoint of each shard that must have been reached before
   * @throws EventFailure if an event cannot be applied; no shard has it then
   */
  Result apply(Lease lease, List<LogEntry> entries, Map<Integer, Position> recorded)
      throws EventFailure {
    try {
      return apply(
          lease,
          Batch.of(format, layout.shape().shards(), store.events(), resolver, entries),
          recorded);
    } catch (MissingEvents lost) {
      return new Result.Lost(lost.what());
    } catch (EventFailure failure) {
      events.drop(entries);
      throw failure;
    }
  }

  private Result apply(Lease lease, Batch<V> batch, Map<Integer, Position> recorded)
      throws EventFailure {
    Map<Integer, List<String>> open = batch.keys();
    var done = new HashMap<Integer, Position>();
    List<ReentrantLock> held = lock(open);
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
    var read = store.views().read(lease.generation(), lease.partition(), open);
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
          done.put(outcome.getKey(), commits.getFirst().checkpoint());
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

  private List<ReentrantLock> lock(Map<Integer, List<String>> shards) {
    if (locks.isEmpty()) {
      return List.of();
    }
    var held = new ArrayList<ReentrantLock>();
    for (int shard : new TreeSet<>(shards.keySet())) {
      ReentrantLock lock = locks.get(shard);
      lock.lock();
      held.add(lock);
    }
    return held;
  }
}
