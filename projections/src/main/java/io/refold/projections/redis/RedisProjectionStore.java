package io.refold.projections.redis;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.redis.Doctor;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.eventstore.redis.RedisSession;
import io.refold.projections.ProjectionStore;
import io.refold.projections.store.Deadlines;
import io.refold.projections.store.Deliveries;
import io.refold.projections.store.Generations;
import io.refold.projections.store.LogWatch;
import io.refold.projections.store.ParkedStreams;
import io.refold.projections.store.Subscriptions;
import io.refold.projections.store.Views;
import java.util.function.IntConsumer;

/**
 * Keeps projections in the Redis of their events. The layout is in {@code docs/redis-layout.md}.
 * Thread-safe; one instance per process is enough.
 */
public final class RedisProjectionStore implements ProjectionStore {
  /** How many shards rows are spread over unless another number is given. */
  public static final int DEFAULT_SHARDS = 4;

  /** How many shards rows are spread over at most. */
  static final int MAX_SHARDS = 1_024;

  private final RedisEventStore events;
  private final int shards;
  private final RedisSubscriptions subscriptions;
  private final RedisParkedStreams parked;
  private final RedisDeliveries deliveries;
  private final RedisDeadlines deadlines;
  private final RedisViews views;
  private final RedisGenerations generations;

  private RedisProjectionStore(RedisEventStore events, int shards) {
    if (shards < 1 || shards > MAX_SHARDS) {
      throw new IllegalArgumentException(
          "rows have 1 to %,d shards, not %d".formatted(MAX_SHARDS, shards));
    }
    this.events = events;
    this.shards = shards;
    RedisSession session = events.session();
    var keys = new ProjectionKeys(session);
    this.subscriptions = new RedisSubscriptions(events, keys);
    this.parked = new RedisParkedStreams(session, keys);
    this.deliveries = new RedisDeliveries(session, keys);
    this.deadlines = new RedisDeadlines(session, keys);
    this.views = new RedisViews(session, keys);
    this.generations = new RedisGenerations(session, keys);
  }

  /** Returns the projections beside some events, with {@value #DEFAULT_SHARDS} shards. */
  public static RedisProjectionStore on(RedisEventStore events) {
    return on(events, DEFAULT_SHARDS);
  }

  /**
   * Returns the projections beside some events.
   *
   * @param events what is projected; it is not closed with this store
   * @param shards how many shards the rows of new generations are spread over, 1 to 1,024; a
   *     generation that exists keeps its number
   */
  public static RedisProjectionStore on(RedisEventStore events, int shards) {
    return new RedisProjectionStore(events, shards);
  }

  /** Returns what examines the events and all that lies beside them. */
  public Doctor doctor() {
    return Doctor.of(events).with(ProjectionChecks.all());
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
    return RedisLogWatch.start(events, appended);
  }

  /** Does nothing: the connection is the event store's. */
  @Override
  public void close() {}
}
