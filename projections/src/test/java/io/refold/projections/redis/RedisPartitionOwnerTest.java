package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Position;
import io.refold.eventstore.StreamMark;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.Await;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.HistoryLostException;
import io.refold.projections.PartitionOwnerContract;
import io.refold.projections.PartitionState;
import io.refold.projections.ProjectionStatus;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.Shop;
import io.refold.projections.store.Generations.Layout;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.redisson.api.RStream;
import org.redisson.api.options.KeysScanOptions;
import org.redisson.api.stream.StreamAddArgs;
import org.redisson.api.stream.StreamCreateGroupArgs;
import org.redisson.api.stream.StreamMessageId;
import org.redisson.api.stream.StreamRangeArgs;
import org.redisson.client.codec.StringCodec;

/** Owners on Redis; and what happens when the history there is not what it was. */
class RedisPartitionOwnerTest extends PartitionOwnerContract {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisStores stores;

  private final Shop.SalesByDay sales = new Shop.SalesByDay();

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

  @Override
  protected void loseShard(ProjectionStore store, Layout layout, int shard) {
    store.views().delete(layout.generation(), shard, layout.shape().indexes());
  }

  private static RStream<String, String> log(ProjectionStore store, Position position) {
    var events = (RedisEventStore) store.events();
    return events
        .session()
        .redisson()
        .getStream(events.session().logKey(position.partition()), StringCodec.INSTANCE);
  }

  private static void remove(ProjectionStore store, Position position) {
    log(store, position).remove(new StreamMessageId(position.sequence(), position.micros()));
  }

  @Test
  void anEntryThatIsMissingInTheLogStopsTheProjectionUntilARebuild() {
    ProjectionStore store = store();
    try (var workers = DeterministicWorkers.on(store).add(sales)) {
      Shop.append(store.events(), "a", new Shop.Placed("x"));
      workers.runUntilIdle();
      Position lost = Shop.append(store.events(), "a", new Shop.Paid(1));
      Shop.append(store.events(), "a", new Shop.Paid(2));
      remove(store, lost);
      Assertions.assertThatThrownBy(workers::runUntilIdle)
          .isInstanceOf(HistoryLostException.class)
          .hasMessageContaining("behind sequence " + (lost.sequence() - 1));
      ProjectionStatus.Partition stopped = store.status(sales).partitions().get(lost.partition());
      assertThat(stopped.state()).isEqualTo(PartitionState.LOST_HISTORY);
      assertThat(stopped.error().orElseThrow()).contains("rebuild the projection");
      Assertions.assertThatThrownBy(workers::runUntilIdle)
          .as("a restart does not hide it")
          .isInstanceOf(HistoryLostException.class);
    }
  }

  @Test
  void aSettledEntryThatIsMissingIsNoticedWhenThePartitionIsTakenOver() {
    ProjectionStore store = store();
    Position settled = Shop.append(store.events(), "a", new Shop.Placed("x"));
    try (var workers = DeterministicWorkers.on(store).add(sales)) {
      workers.runUntilIdle();
    }
    remove(store, settled);
    Shop.append(store.events(), "a", new Shop.Paid(1));
    try (var workers = DeterministicWorkers.on(store).add(sales)) {
      Assertions.assertThatThrownBy(workers::runUntilIdle)
          .isInstanceOf(HistoryLostException.class)
          .hasMessageContaining(settled.toString());
    }
  }

  @Test
  void anEventThatIsNotTheOneItsLogEntryMeansIsNoticed() {
    ProjectionStore store = store();
    Position position = Shop.append(store.events(), "a", new Shop.Placed("x"));
    var events = (RedisEventStore) store.events();
    RStream<String, String> stream =
        events
            .session()
            .redisson()
            .getStream(
                events.session().partitionTag(position.partition()) + ":s:order:a",
                StringCodec.INSTANCE);
    Map<String, String> fields =
        new HashMap<>(
            stream
                .range(StreamRangeArgs.startId(StreamMessageId.MIN).endId(StreamMessageId.MAX))
                .values()
                .iterator()
                .next());
    fields.put("p", position.sequence() + "-" + (position.micros() + 1));
    stream.delete();
    stream.add(new StreamMessageId(1, 0), StreamAddArgs.entries(fields));
    try (var workers = DeterministicWorkers.on(store).add(sales)) {
      Assertions.assertThatThrownBy(workers::runUntilIdle)
          .isInstanceOf(HistoryLostException.class)
          .hasMessageContaining("not the ones that the log names");
    }
  }

  private static void removeEvents(ProjectionStore store, String id, long... versions) {
    var session = ((RedisEventStore) store.events()).session();
    int partition = Shop.ORDERS.stream(id).partition(store.events().partitions());
    for (long version : versions) {
      session
          .redisson()
          .getStream(session.partitionTag(partition) + ":s:order:" + id, StringCodec.INSTANCE)
          .remove(new StreamMessageId(version, 0));
    }
  }

  @Test
  void eventsThatAreGoneAreNamedAndOnlyADeletionOfTheirStreamExplainsThem() {
    ProjectionStore store = store();
    Shop.append(store.events(), "a", new Shop.Placed("x"), new Shop.Paid(1), new Shop.Paid(2));
    Shop.append(store.events(), "a", new Shop.Paid(3), new Shop.Paid(4));
    Shop.append(store.events(), "a/2", new Shop.Placed("x"));
    Shop.append(store.events(), "a/3", new Shop.Placed("x"));
    removeEvents(store, "a", 2, 3, 5);
    removeEvents(store, "a/3", 1);
    try (var workers = DeterministicWorkers.on(store).add(sales)) {
      Assertions.assertThatThrownBy(workers::runUntilIdle)
          .isInstanceOf(HistoryLostException.class)
          .hasMessageContaining("not the ones that the log names")
          .hasMessageContaining("2 to 3 and 5 of order:a, 1 of order:a/3 (");
      store.events().delete(Shop.ORDERS.stream("a"), ExpectedVersion.any());
      store.events().delete(Shop.ORDERS.stream("a/3"), ExpectedVersion.any());
      workers.rebuild(sales);
      assertThat(store.readModel(sales).find("all")).contains(new Shop.Sales(1, 0, 1));
    }
  }

  @Test
  void aRowIsNotFoldedAfreshFromAStreamWithAGap() {
    ProjectionStore store = store();
    var orders = new Shop.Orders();
    Shop.append(store.events(), "a", new Shop.Placed("x"), new Shop.Paid(1), new Shop.Paid(2));
    try (var workers = DeterministicWorkers.on(store).add(orders)) {
      workers.runUntilIdle();
      removeEvents(store, "a", 2);
      store
          .events()
          .mark(
              Shop.ORDERS.stream("a"),
              new StreamMark.Forgotten("somebody"),
              ExpectedVersion.any(),
              "c");
      Assertions.assertThatThrownBy(workers::runUntilIdle)
          .isInstanceOf(HistoryLostException.class)
          .hasMessageContaining(": 2 of order:a (");
      assertThat(store.readModel(orders).find("a")).contains(new Shop.Order("x", 3, 3, null));
    }
  }

  @Test
  void aGroupThatIsGoneIsMadeAgainBehindWhatIsSettled() {
    ProjectionStore store = store();
    Position first = Shop.append(store.events(), "a", new Shop.Placed("x"));
    try (var workers = DeterministicWorkers.on(store).add(sales)) {
      workers.runUntilIdle();
      log(store, first).removeGroup("sales:1");
      Shop.append(store.events(), "a", new Shop.Paid(1));
      workers.runUntilIdle();
      assertThat(Shop.rows(store.readModel(sales)))
          .isEqualTo(Shop.freshFold(store.events(), sales));
      log(store, first).removeGroup("sales:1");
      Shop.append(store.events(), "a", new Shop.Paid(1));
    }
    try (var workers = DeterministicWorkers.on(store).add(sales)) {
      workers.runUntilIdle();
      assertThat(Shop.rows(store.readModel(sales)))
          .isEqualTo(Shop.freshFold(store.events(), sales));
    }
  }

  @Test
  void aGroupLeftOverFromAnEarlierFillingIsMadeAnew() {
    ProjectionStore store = store();
    Position first = Shop.append(store.events(), "a", new Shop.Placed("x"));
    log(store, first)
        .createGroup(StreamCreateGroupArgs.name("sales:1").id(new StreamMessageId(99, 0)));
    try (var workers = DeterministicWorkers.on(store).add(sales)) {
      workers.runUntilIdle();
      Shop.append(store.events(), "a", new Shop.Paid(1));
      workers.runUntilIdle();
      assertThat(Shop.rows(store.readModel(sales)))
          .isEqualTo(Shop.freshFold(store.events(), sales));
    }
  }

  @Test
  void aServerThatDiesAndComesBackIsWaitedFor() {
    try (var server = EmbeddedRedis.start("appendonly yes", "appendfsync always");
        var events = RedisEventStore.connect(server.url())) {
      var store = RedisProjectionStore.on(events);
      try (var workers =
          ProjectionWorkers.on(store).add(sales).lease(Duration.ofSeconds(2)).start()) {
        Shop.fill(events, "a", 20);
        Await.until("caught up", () -> store.status(sales).caughtUp());
        server.crashAndRestart();
        Await.until("writing works again", () -> wrote(events));
        Await.until("caught up", () -> caughtUp(store));
        assertThat(workers.status().getFirst().partitions())
            .extracting(ProjectionStatus.Partition::state)
            .containsOnly(PartitionState.RUNNING);
        assertThat(Shop.rows(store.readModel(sales))).isEqualTo(Shop.freshFold(events, sales));
      }
    }
  }

  private static boolean wrote(RedisEventStore events) {
    try {
      Shop.fill(events, "b", 20);
      return true;
    } catch (RuntimeException | AssertionError away) {
      return false;
    }
  }

  private boolean caughtUp(ProjectionStore store) {
    try {
      return store.status(sales).caughtUp();
    } catch (RuntimeException away) {
      return false;
    }
  }

  @Test
  void everythingOfADroppedGenerationIsRemoved() {
    ProjectionStore store = store();
    Shop.fill(store.events(), "a", 30);
    try (var workers = DeterministicWorkers.on(store).add(sales)) {
      workers.runUntilIdle();
      workers.rebuild(sales);
      workers.runUntilIdle();
    }
    var session = ((RedisEventStore) store.events()).session();
    List<String> keys =
        session
            .redisson()
            .getKeys()
            .getKeysStream(KeysScanOptions.defaults().pattern("*" + session.namespace() + "*"))
            .toList();
    assertThat(keys).noneMatch(key -> key.contains("sales:1"));
    assertThat(keys).anyMatch(key -> key.contains("sales:2"));
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      RStream<String, String> log = log(store, Position.origin(partition));
      if (log.isExists()) {
        assertThat(log.listGroups()).extracting("name").containsExactly("sales:2");
      }
    }
  }
}
