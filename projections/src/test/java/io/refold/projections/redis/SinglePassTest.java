package io.refold.projections.redis;

import static io.refold.projections.Shop.fill;
import static io.refold.projections.Shop.freshFold;
import static io.refold.projections.Shop.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.Await;
import io.refold.projections.Projection;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.Rebuild;
import io.refold.projections.RebuildProgress;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.SalesByDay;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.api.RScript;
import org.redisson.client.codec.StringCodec;

/** Rebuilds that are started together read the history once. */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SinglePassTest {
  private static final int STREAMS = 800;
  private static final Pattern READS = Pattern.compile("cmdstat_xrange:calls=(\\d+)");

  private final EmbeddedRedis redis = EmbeddedRedis.start();
  private final Orders orders = new Orders();
  private final SalesByDay sales = new SalesByDay();

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisEventStore events;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisProjectionStore store;

  @BeforeEach
  void open() {
    events = RedisEventStore.to(redis.url()).partitions(4).open();
    store = RedisProjectionStore.on(events);
    fill(events, "o", STREAMS);
  }

  @AfterEach
  void close() {
    events.close();
    redis.close();
  }

  private ProjectionWorkers started() {
    var workers = ProjectionWorkers.on(store).add(orders).add(sales).start();
    for (Projection<?> projection : List.of(orders, sales)) {
      Await.until(projection.name() + " catches up", () -> store.status(projection).caughtUp());
    }
    return workers;
  }

  private long reads() {
    String stats =
        events
            .session()
            .redisson()
            .getScript(StringCodec.INSTANCE)
            .eval(
                RScript.Mode.READ_ONLY,
                "return redis.call('INFO', 'commandstats')",
                RScript.ReturnType.STRING);
    Matcher reads = READS.matcher(stats);
    return reads.find() ? Long.parseLong(reads.group(1)) : 0;
  }

  @Test
  void twoRebuildsReadEachStreamOnce() throws Exception {
    try (var workers = started()) {
      long before = reads();
      for (Rebuild rebuild : workers.rebuild(orders, sales)) {
        assertThat(rebuild.await().state()).isEqualTo(RebuildProgress.State.DONE);
      }

      assertThat(reads() - before).isBetween((long) STREAMS, STREAMS + STREAMS / 4L);
      assertThat(rows(store.readModel(orders))).isEqualTo(freshFold(events, orders));
      assertThat(rows(store.readModel(sales))).isEqualTo(freshFold(events, sales));
    }
  }

  @Test
  void ifOneCannotBeStartedTheOthersAreCancelled() {
    try (var workers = started()) {
      assertThatThrownBy(() -> workers.rebuild(List.of(orders.name(), "nothing")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("nothing");

      assertThat(store.status(orders).generation()).hasValue(1);
      assertThat(workers.rebuild(orders).cancel()).isTrue();
    }
  }
}
