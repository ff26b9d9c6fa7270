package io.refold.projections.reactions;

import io.refold.eventstore.StoredEvent;
import io.refold.projections.Driver;
import io.refold.projections.EventFailure;
import io.refold.projections.ProjectionStore;
import io.refold.projections.StartAt;
import io.refold.projections.Subscriber;
import io.refold.projections.Target;
import io.refold.projections.store.Deliveries.Failed;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Kind;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Generations.Shape;
import io.refold.projections.store.Heads;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A {@link Reaction} that handles events in no order: several threads of any number of processes
 * share each partition, and what takes long holds nothing up. Immutable and thread-safe.
 *
 * <p>An append is handed to one thread, which handles its events one after the other and settles
 * it. After a crash, only what the dead process had under way is handled again, by another one,
 * about one lease later; {@link Cause#key()} tells a repeat. While its process lives, an event may
 * take as long as it wants.
 *
 * <p>An event whose handler throws is tried again, with growing pauses, then parked alone: nothing
 * waits for it. See {@link #failed}, {@link #retry} and {@link #drop}. A handler that throws {@link
 * io.refold.eventstore.StoreUnavailableException} is called again until it does not.
 *
 * <p>Its status and {@code await} follow within about a second. A reaction that was started in
 * order cannot go on unordered, or the other way round.
 */
public final class UnorderedReaction implements Subscriber {
  private static final int MOST_THREADS = 256;

  private final Reaction reaction;
  private final Handling handling;
  private final int threads;

  UnorderedReaction(Reaction reaction, int threads) {
    if (threads < 1 || threads > MOST_THREADS) {
      throw new IllegalArgumentException(
          "reaction '%s' can have 1 to %d threads, not %d"
              .formatted(reaction.name(), MOST_THREADS, threads));
    }
    this.reaction = reaction;
    this.handling = reaction::handle;
    this.threads = threads;
  }

  /**
   * Returns the events that are parked.
   *
   * @throws IllegalStateException if it was never started
   * @throws io.refold.eventstore.StoreUnavailableException if the store cannot be read now
   */
  public List<Failed> failed(ProjectionStore store) {
    var failed = new ArrayList<Failed>();
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      failed.addAll(store.deliveries().failed(partition, generation(store)));
    }
    return failed;
  }

  /**
   * Handles a parked event again, in the caller's thread; where that is interrupted, it stays so.
   *
   * @return whether it was handled; else it stays parked, with the new reason
   * @throws IllegalArgumentException if it is not parked, or is not in its stream any more
   * @throws IllegalStateException if the reaction was never started
   * @throws io.refold.eventstore.StoreUnavailableException if the store cannot be reached
   * @throws io.refold.eventstore.ReplyLostException if it may have been handled: while it is
   *     {@linkplain #failed parked}, retry again, which may handle it once more
   */
  public boolean retry(ProjectionStore store, EventAddress event) {
    int partition = store.events().partitionOf(event.stream());
    Failed before =
        store.deliveries().failed(partition, generation(store)).stream()
            .filter(failed -> failed.event().equals(event))
            .findFirst()
            .orElseThrow(() -> notParked(event));
    StoredEvent stored =
        store.events().read(event.stream(), event.version() - 1, 1).stream()
            .filter(found -> found.version() == event.version())
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(event + " is not in its stream any more: drop it"));
    EventFailure failure = null;
    try {
      handling.run(stored);
    } catch (EventFailure failed) {
      failure = failed;
    }
    boolean interrupted = Thread.interrupted(); // it does not keep the outcome from being recorded
    try {
      if (failure == null) {
        store.deliveries().remove(partition, generation(store), event);
      } else {
        String why = String.valueOf(failure.getMessage());
        var again = new Failed(event, why, before.attempts() + 1, before.since());
        store.deliveries().replace(partition, generation(store), again);
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    return failure == null;
  }

  /**
   * Gives a parked event up; it goes on record, see {@link
   * io.refold.projections.ParkedEvents#dropped}.
   *
   * @throws IllegalArgumentException if it is not parked, or the reason is blank
   * @throws IllegalStateException if the reaction was never started
   * @throws io.refold.eventstore.StoreUnavailableException if the store cannot be reached; nothing
   *     was given up
   * @throws io.refold.eventstore.ReplyLostException if it may have been given up: {@link #failed}
   *     tells whether to drop it again
   */
  public void drop(ProjectionStore store, EventAddress event, String reason) {
    if (reason.isBlank()) {
      throw new IllegalArgumentException("an event is not dropped without a reason");
    }
    int partition = store.events().partitionOf(event.stream());
    if (!store.deliveries().drop(partition, generation(store), event, reason)) {
      throw notParked(event);
    }
  }

  private IllegalArgumentException notParked(EventAddress event) {
    return new IllegalArgumentException(
        "%s is not parked by reaction '%s': UnorderedReaction.failed lists what is"
            .formatted(event, name()));
  }

  private Generation generation(ProjectionStore store) {
    return store
        .generations()
        .look(name(), version())
        .live()
        .orElseThrow(() ->
            new IllegalStateException(
                "reaction '%s' was never started: start workers for it".formatted(name())))
        .generation();
  }

  @Override
  public String name() {
    return reaction.name();
  }

  @Override
  public int version() {
    return reaction.version();
  }

  @Override
  public Set<String> categories() {
    return reaction.categories();
  }

  @Override
  public Shape shape(int shards) {
    return Kind.UNORDERED_REACTION.shape(version());
  }

  @Override
  public Optional<StartAt> start() {
    return reaction.start();
  }

  @Override
  public Heads heads(ProjectionStore store) {
    return reaction.heads(store);
  }

  @Override
  public Target target(ProjectionStore store, Layout layout) {
    throw new UnsupportedOperationException(
        "reaction '%s' has no owners of partitions".formatted(name()));
  }

  @Override
  public Optional<Driver> driver(
      ProjectionStore store, String worker, Duration lease, int attempts) {
    Layout layout = // there is one for good: its version never changes
        store
            .generations()
            .open(name(), shape(store.shards()))
            .orElseThrow(() ->
                new IllegalStateException(
                    "a projection of this store is named '%s' already: give the reaction a name of its own"
                        .formatted(name())));
    return Optional.of(
        new Consumers(
            store, layout.generation(), categories(), handling, worker, threads, lease, attempts));
  }
}
