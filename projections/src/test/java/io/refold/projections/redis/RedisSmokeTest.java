package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.Shop;
import org.junit.jupiter.api.Test;

class RedisSmokeTest {
  @Test
  void smoke() {
    try (var redis = EmbeddedRedis.start();
        var events = RedisEventStore.connect(redis.url())) {
      var store = RedisProjectionStore.on(events);
      var orders = new Shop.Orders();
      var sales = new Shop.SalesByDay();
      Shop.fill(events, "o", 100);
      try (var workers = DeterministicWorkers.on(store).add(orders).add(sales)) {
        workers.runUntilIdle();
        assertThat(Shop.rows(store.readModel(orders))).isEqualTo(Shop.freshFold(events, orders));
        assertThat(Shop.rows(store.readModel(sales))).isEqualTo(Shop.freshFold(events, sales));
        Shop.fill(events, "p", 100);
        workers.runUntilIdle();
        assertThat(Shop.rows(store.readModel(orders))).isEqualTo(Shop.freshFold(events, orders));
        assertThat(Shop.rows(store.readModel(sales))).isEqualTo(Shop.freshFold(events, sales));
        workers.rebuild(orders);
        workers.rebuild(sales);
        assertThat(store.status(sales).caughtUp()).isTrue();
        assertThat(Shop.rows(store.readModel(orders))).isEqualTo(Shop.freshFold(events, orders));
        assertThat(Shop.rows(store.readModel(sales))).isEqualTo(Shop.freshFold(events, sales));
      }
    }
  }
}
