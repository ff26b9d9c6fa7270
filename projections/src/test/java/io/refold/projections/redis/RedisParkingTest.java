package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.StreamId;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.EventParkedException;
import io.refold.projections.HistoryLostException;
import io.refold.projections.ParkingContract;
import io.refold.projections.ProjectionStore;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.store.DroppedEvent;
import io.refold.projections.store.EventAddress;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Parking on Redis; and keys that are lost behind its back. */
class RedisParkingTest extends ParkingContract {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisStores stores;

  @BeforeAll
  static void open() {
    redis = EmbeddedRedis.start();
    stores = new RedisStores(redis.url());
  }

  @AfterAll
  static void close() {
    stores.close();
    redis.close();
  }

  @Override
  protected ProjectionStore store() {
    return stores.fresh();
  }

  private static void remove(ProjectionStore store, StreamId stream, String key) {
    var events = (RedisEventStore) store.events();
    String tag = events.session().partitionTag(events.partitionOf(stream));
    assertThat(events.session().redisson().getKeys().delete(tag + key)).isOne();
  }

  @Test
  void aParkedStreamThatHasLostItsEventsStopsTheProjectionAndIsNamed() {
    ProjectionStore store = stores.fresh();
    StreamId stream = Shop.ORDERS.stream("o");
    Shop.append(store.events(), "o", new Placed("x"), new Paid(13), new Paid(1), new Paid(2));
    var orders = new Shop.Orders(1, recorded -> refuse(recorded.event(), true));
    try (var workers = DeterministicWorkers.on(store).add(orders)) {
      assertThatThrownBy(workers::runUntilIdle).isInstanceOf(EventParkedException.class);
      remove(store, stream, ":s:order:o");
      store.parked(orders).retry(stream);
      assertThatThrownBy(workers::runUntilIdle)
          .isInstanceOf(HistoryLostException.class)
          .hasMessageContaining("1 of order:o");
    }
  }

  private static void refuse(Shop.OrderEvent event, boolean refused) {
    if (refused && event.equals(new Paid(13))) {
      throw new IllegalStateException("13");
    }
  }

  @Test
  void dropsThatWereLostAreRestoredFromTheRows() {
    ProjectionStore store = stores.fresh();
    StreamId stream = Shop.ORDERS.stream("o");
    Shop.append(store.events(), "o", new Placed("x"), new Paid(13), new Paid(1));
    var refused = new AtomicBoolean(true);
    var orders = new Shop.Orders(1, recorded -> refuse(recorded.event(), refused.get()));
    try (var workers = DeterministicWorkers.on(store).add(orders)) {
      assertThatThrownBy(workers::runUntilIdle).isInstanceOf(EventParkedException.class);
      store.parked(orders).drop(store.parked(orders).list().getFirst(), "no good");
      workers.runUntilIdle();
    }
    remove(store, stream, ":dropped:orders:1");
    refused.set(false);
    try (var workers = DeterministicWorkers.on(store).add(orders)) {
      workers.runUntilIdle();
      assertThat(store.parked(orders).dropped())
          .extracting(DroppedEvent::event)
          .containsExactly(new EventAddress(stream, 2));
      workers.rebuild(orders);
    }
    assertThat(store.readModel(orders).find("o")).contains(new Shop.Order("x", 1, 2, null));
  }
}
