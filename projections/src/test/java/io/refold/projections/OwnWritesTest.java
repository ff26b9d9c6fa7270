package io.refold.projections;

import static io.refold.projections.Shop.append;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Position;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Placed;
import io.refold.projections.redis.RedisProjectionStore;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What waiting for one's own writes costs the server. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OwnWritesTest {
  private static final int WRITES = 200;

  @Test
  void whoWaitsWhereTheWorkerIsHardlyAsksMoreThanOnce() {
    try (var redis = EmbeddedRedis.start();
        var events = RedisEventStore.to(redis.url()).open();
        var store = RedisProjectionStore.on(events);
        var workers = ProjectionWorkers.on(store).add(new Orders()).start()) {
      var asked = new AtomicInteger();
      ProjectionStore counting =
          GatedStore.of(
              store,
              (name, call) -> {
                asked.addAndGet(name.equals("arrival") ? 1 : 0);
                return call.make();
              },
              1_000);
      var rows = new ReadModel<>(counting, new Orders());
      for (int i = 0; i < WRITES; i++) { // partitions that have not moved yet are asked more often
        var unused =
            rows.await(append(events, "warm" + i, new Placed("x")), Duration.ofSeconds(30));
      }
      asked.set(0);

      for (int i = 0; i < WRITES; i++) {
        Position position = append(events, "o" + i, new Placed("x"));
        assertThat(rows.await(position, Duration.ofSeconds(30))).isEqualTo(Awaited.APPLIED);
      }

      assertThat(asked.get()).isBetween(WRITES, 2 * WRITES - 1);
      assertThat(workers.status()).isNotEmpty();
    }
  }
}
