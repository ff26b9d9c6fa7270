package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Position;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.ParkedEvents;
import io.refold.projections.ReadModel;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Placed;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A read whose reply is lost leaves nothing unknown: the store just cannot be read now. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostRepliesTest {
  private final EmbeddedRedis redis = EmbeddedRedis.start();
  private final Shop.Orders orders = new Shop.Orders();

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisEventStore events;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisProjectionStore store;

  @BeforeEach
  void open() {
    events = RedisEventStore.to(redis.url()).partitions(1).open();
    store = RedisProjectionStore.on(events);
    Shop.append(events, "o", new Placed("x"));
    try (var workers = DeterministicWorkers.on(store).add(orders)) {
      workers.runUntilIdle();
    }
  }

  @AfterEach
  void close() {
    events.close();
    redis.close();
  }

  private void signal(String signal) throws IOException, InterruptedException {
    var kill = new ProcessBuilder("kill", "-" + signal, String.valueOf(redis.process().pid()));
    assertThat(kill.start().waitFor()).as("kill -%s", signal).isZero();
  }

  @Test
  void readsFailAsReadsOfAStoreThatIsAway() throws Exception {
    ReadModel<Shop.Order> model = store.readModel(orders);
    ParkedEvents parked = store.parked(orders);
    var live = store.generations().look(orders.name(), 1).live().orElseThrow().generation();
    Position newest = events.head(0).position();
    List<ThrowingCallable> reads =
        List.of(
            () -> store.status(orders),
            parked::list,
            parked::dropped,
            () -> model.find("o"),
            () -> store.subscriptions().outlook(0, live),
            () -> store.subscriptions().arrival(live, newest),
            () -> store.parkedStreams().parked(0, live),
            () -> store.parkedStreams().asked(0, live),
            () -> store.deliveries().failed(0, live),
            () -> store.views().head(live, 0, 0),
            () -> store.views().keys(live, 0, ""));
    signal("STOP");
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var failing = new ArrayList<Future<?>>();
      for (ThrowingCallable read : reads) {
        failing.add(
            threads.submit(
                () -> assertThatThrownBy(read).isInstanceOf(StoreUnavailableException.class)));
      }
      for (Future<?> one : failing) {
        one.get();
      }
    } finally {
      signal("CONT");
    }
    assertThat(store.status(orders).parked()).isZero();
  }
}
