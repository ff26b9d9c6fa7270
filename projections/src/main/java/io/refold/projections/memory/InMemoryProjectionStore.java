package io.refold.projections.memory;

import io.refold.eventstore.EventStore;
import io.refold.projections.ProjectionStore;
import io.refold.projections.store.Deadlines;
import io.refold.projections.store.Deliveries;
import io.refold.projections.store.Generations;
import io.refold.projections.store.LogWatch;
import io.refold.projections.store.ParkedStreams;
import io.refold.projections.store.Subscriptions;
import io.refold.projections.store.Views;
import java.time.Clock;
import java.time.Duration;
import java.util.function.IntConsumer;

/**
 * Keeps projections in memory, over any event store: the readable reference of what a projection
 * store does. Thread-safe; shared by everything in one process that works with it.
 */
public final class InMemoryProjectionStore implements ProjectionStore {
  private static final int DEFAULT_SHARDS = 4;
  private static final Duration WATCH = Duration.ofMillis(2);

  private final EventStore events;
  private final int shards;
  private final InMemorySubscriptions subscriptions;
  private final InMemoryParkedStreams parked;
  private final InMemoryDeliveries deliveries;
  private final InMemoryDeadlines deadlines = new InMemoryDeadlines();
  private final InMemoryViews views = new InMemoryViews();
  private final InMemoryGenerations generations;

  private InMemoryProjectionStore(EventStore events, int shards, Clock clock) {
    if (shards < 1) {
      throw new IllegalArgumentException("rows need at least 1 shard, not " + shards);
    }
    this.events = events;
    this.shards = shards;
    this.subscriptions = new InMemorySubscriptions(events, clock);
    this.deliveries = new InMemoryDeliveries(subscriptions, events, clock);
    this.parked = new InMemoryParkedStreams(subscriptions, clock);
    this.generations = new InMemoryGenerations(clock);
  }

  /** Returns an empty store with 4 shards and the system's clock. */
  public static InMemoryProjectionStore on(EventStore events) {
    return on(events, DEFAULT_SHARDS, Clock.systemUTC());
  }

  /**
   * Returns an empty store.
   *
   * @param events what is projected; not closed with this store
   * @param shards how many shards the rows are spread over, at least 1
   * @param clock decides which leases have expired
   */
  public static InMemoryProjectionStore on(EventStore events, int shards, Clock clock) {
    return new InMemoryProjectionStore(events, shards, clock);
  }

  @Override
  public EventStore events() {
    return events;
  }

  @Override
  public Subscriptions subscriptions() {
    return subscriptions;
  }

  @Override
  public ParkedStreams parkedStreams() {
    return parked;
  }

  @Override
  public Deliveries deliveries() {
    return deliveries;
  }

  @Override
  public Deadlines deadlines() {
    return deadlines;
  }

  @Override
  public Views views() {
    return views;
  }

  @Override
  public Generations generations() {
    return generations;
  }

  @Override
  public int shards() {
    return shards;
  }

  @Override
  public LogWatch watch(IntConsumer appended) {
    return new PollingWatch(events, appended, WATCH);
  }

  /** Does nothing: memory needs no release. */
  @Override
  public void close() {}
}
