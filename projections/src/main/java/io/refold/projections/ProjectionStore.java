package io.refold.projections;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.Position;
import io.refold.projections.store.Deadlines;
import io.refold.projections.store.Deliveries;
import io.refold.projections.store.Generations;
import io.refold.projections.store.LogWatch;
import io.refold.projections.store.ParkedStreams;
import io.refold.projections.store.Subscriptions;
import io.refold.projections.store.Views;
import java.time.Duration;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * Where projections live: the events they fold, and the rows they have made of them. Thread-safe.
 *
 * <p>An application calls {@link #readModel}, {@link #await}, {@link #status}, {@link #rebuild} and
 * {@link #parked}; the other methods are the store's side, atomic step by atomic step.
 */
public interface ProjectionStore extends AutoCloseable {
  /** Returns the read model of a projection; works in processes that run no workers, too. */
  default <V> ReadModel<V> readModel(Projection<V> projection) {
    return new ReadModel<>(this, projection);
  }

  /**
   * Returns how far a projection is, in all processes.
   *
   * @throws io.refold.eventstore.StoreUnavailableException if the store cannot be read now
   */
  default ProjectionStatus status(Projection<?> projection) {
    return ProjectionStatus.of(this, projection.name(), projection.version());
  }

  /** Returns how far a subscriber is, as {@link #status(Projection)} does. */
  default ProjectionStatus status(Subscriber subscriber) {
    return ProjectionStatus.of(this, subscriber.name(), subscriber.version());
  }

  /**
   * Returns what a projection has parked and dropped; works in processes that run no workers, too.
   */
  default ParkedEvents parked(Projection<?> projection) {
    return new ParkedEvents(this, projection.name(), projection.version());
  }

  /**
   * Returns the rebuild of a projection that is under way, of whatever version and whichever
   * process coordinates it: one that a new version has started by itself, too.
   *
   * @throws io.refold.eventstore.StoreUnavailableException if the store cannot be read now
   */
  default Optional<RunningRebuild> rebuild(Projection<?> projection) {
    return rebuild(new RowFormat<>(projection));
  }

  /** Returns the rebuild of a subscriber, as {@link #rebuild(Projection)} does. */
  default Optional<RunningRebuild> rebuild(Subscriber subscriber) {
    return RunningRebuild.of(this, subscriber);
  }

  /** Returns what a subscriber has parked and dropped. */
  default ParkedEvents parked(Subscriber subscriber) {
    return new ParkedEvents(this, subscriber.name(), subscriber.version());
  }

  /**
   * Waits until a reaction, a process or the tables of a database have applied an append; rows have
   * {@link ReadModel#await}.
   *
   * @param position the append's position
   * @param timeout how long to wait at most
   * @throws ReadModelMissingException if no worker of this version has started yet
   * @throws io.refold.eventstore.StoreUnavailableException if the store or the database cannot be
   *     read now
   */
  default Awaited await(Subscriber subscriber, Position position, Duration timeout) {
    return Waiting.until(subscriptions(), position, timeout, again -> subscriber.shown(this));
  }

  /** Returns the events. */
  EventStore events();

  /** Returns the leases and places in the logs. */
  Subscriptions subscriptions();

  /** Returns what is parked and dropped. */
  ParkedStreams parkedStreams();

  /** Returns what hands entries out to several consumers. */
  Deliveries deliveries();

  /** Returns when instances of processes are due. */
  Deadlines deadlines();

  /** Returns the rows. */
  Views views();

  /** Returns which generations there are. */
  Generations generations();

  /** Returns how many shards the rows of a new generation are spread over. */
  int shards();

  /**
   * Watches the logs of all partitions.
   *
   * @param appended is told the partition soon after it has got new entries; may be told too often
   */
  LogWatch watch(IntConsumer appended);

  /** Releases what the store has opened itself; the event store stays open. */
  @Override
  void close();
}
