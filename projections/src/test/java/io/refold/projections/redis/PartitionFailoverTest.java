package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Position;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.eventstore.redis.RedisSession;
import io.refold.projections.Await;
import io.refold.projections.Awaited;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.HistoryLostException;
import io.refold.projections.PartitionState;
import io.refold.projections.ProjectionStatus;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.RebuildProgress;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.StartAt;
import io.refold.projections.reactions.Reaction;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.api.options.KeysScanOptions;

/** The slot of a partition falls back to what it was, while the rows elsewhere stay. */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PartitionFailoverTest {
  private static final String ID = "a";

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisStores stores;

  private final Shop.SalesByDay sales = new Shop.SalesByDay();
  private final RedisProjectionStore store = stores.fresh();
  private final RedisEventStore events = (RedisEventStore) store.events();
  private final int partition = events.partitionOf(Shop.ORDERS.stream(ID));

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

  /** Everything in the partition's slot, as a replica has it. */
  private Map<String, byte[]> replicate() {
    RedisSession session = events.session();
    var dumps = new HashMap<String, byte[]>();
    session
        .redisson()
        .getKeys()
        .getKeysStream(KeysScanOptions.defaults().pattern(session.partitionTag(partition) + ":*"))
        .forEach(key -> dumps.put(key, session.redisson().getBucket(key).dump()));
    return dumps;
  }

  /** Makes the replica the master. */
  private void failOver(Map<String, byte[]> replica) {
    RedisSession session = events.session();
    replicate().keySet().forEach(key -> session.redisson().getBucket(key).delete());
    replica.forEach((key, dump) -> session.redisson().getBucket(key).restore(dump));
  }

  private ProjectionStatus.Partition status() {
    return store.status(sales).partitions().get(partition);
  }

  private boolean caughtUp() {
    return store.status(sales).caughtUp();
  }

  @Test
  void aRunningProjectionStopsAlsoWhenNewEventsHaveTakenTheNumbers() throws Exception {
    Shop.append(events, ID, new Placed("x"));
    try (var workers =
        ProjectionWorkers.on(store).add(sales).lease(Duration.ofSeconds(2)).start()) {
      Await.until("caught up", this::caughtUp);
      Map<String, byte[]> replica = replicate();
      Shop.append(events, ID, new Paid(1));
      Position lost = Shop.append(events, ID, new Paid(2));
      Await.until("caught up", this::caughtUp);

      failOver(replica);
      for (int i = 0; i < 5; i++) {
        Shop.append(events, ID, new Paid(100));
      }
      Await.until("it stops", () -> status().state() == PartitionState.LOST_HISTORY);
      assertThat(status().error().orElseThrow())
          .contains(lost.toString(), "rebuild the projection");
      assertThat(store.readModel(sales).await(lost, Duration.ofSeconds(5))).isEqualTo(Awaited.LOST);
      assertThat(store.status(sales).partitions())
          .filteredOn(p -> p.number() != partition)
          .extracting(ProjectionStatus.Partition::state)
          .containsOnly(PartitionState.RUNNING);

      assertThat(workers.rebuild(sales).await().state()).isEqualTo(RebuildProgress.State.DONE);
      Await.until("caught up", this::caughtUp);
      assertThat(Shop.rows(store.readModel(sales))).isEqualTo(Shop.freshFold(events, sales));
    }
  }

  @Test
  void aReactionStopsAndBeginsAnewWhereItIsTold() {
    var seen = new ConcurrentLinkedQueue<Long>();
    Reaction reaction =
        Reaction.named("effects", StartAt.zero())
            .on(Shop.ORDERS, (recorded, cause) -> seen.add(recorded.version()))
            .build();
    Shop.append(events, ID, new Placed("x"));
    try (var workers =
        ProjectionWorkers.on(store).add(reaction).lease(Duration.ofSeconds(2)).start()) {
      Await.until("caught up", () -> seen.size() == 1 && store.status(reaction).caughtUp());
      Map<String, byte[]> replica = replicate();
      Shop.append(events, ID, new Paid(1));
      Shop.append(events, ID, new Paid(2));
      Await.until("caught up", () -> seen.size() == 3 && store.status(reaction).caughtUp());
      failOver(replica);
      for (int i = 0; i < 5; i++) {
        Shop.append(events, ID, new Paid(100));
      }
      Await.until(
          "it stops",
          () ->
              store.status(reaction).partitions().get(partition).state()
                  == PartitionState.LOST_HISTORY);
      assertThat(store.status(reaction).partitions().get(partition).error().orElseThrow())
          .contains("ProjectionWorkers.startAnew");
      assertThat(workers.startAnew(reaction, StartAt.now())).containsExactly(partition);
      Shop.append(events, ID, new Paid(3));
      Await.until("it goes on", () -> seen.size() == 4 && store.status(reaction).caughtUp());
    }
    assertThat(seen).containsExactly(1L, 2L, 3L, 7L);
  }

  private void run() {
    try (var workers = DeterministicWorkers.on(store).add(sales)) {
      workers.runUntilIdle();
    }
  }

  @Test
  void aProjectionThatWasNotRunningFindsOutWhenItStarts() {
    Shop.append(events, ID, new Placed("x"));
    run();
    Map<String, byte[]> replica = replicate();
    Position lost = Shop.append(events, ID, new Paid(1));
    run();
    failOver(replica);
    Shop.append(events, ID, new Paid(100));
    Shop.append(events, ID, new Paid(100));
    try (var workers = DeterministicWorkers.on(store).add(sales)) {
      Assertions.assertThatThrownBy(workers::runUntilIdle)
          .isInstanceOf(HistoryLostException.class)
          .hasMessageContaining(lost.toString());
      workers.rebuild(sales);
      workers.runUntilIdle();
    }
    assertThat(Shop.rows(store.readModel(sales))).isEqualTo(Shop.freshFold(events, sales));
  }
}
