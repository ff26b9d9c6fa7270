package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Position;
import io.refold.eventstore.embedded.ClusterNode;
import io.refold.eventstore.embedded.EmbeddedCluster;
import io.refold.eventstore.embedded.SlotMove;
import io.refold.projections.Awaited;
import io.refold.projections.IndexQuery;
import io.refold.projections.PartitionState;
import io.refold.projections.RebuildProgress;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Workers on a cluster whose slots move and whose masters crash, hang and forget. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClusterWorkersTest {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedCluster cluster;

  @BeforeAll
  static void open() {
    cluster = EmbeddedCluster.start(3, 1);
  }

  @AfterAll
  static void close() {
    cluster.close();
  }

  @Test
  void slotsMoveWhileEventsAreWrittenReadRebuiltAndReactedTo() throws Exception {
    try (var shop = new ClusterShop(cluster)) {
      shop.start("a");
      shop.start("b");
      shop.write();
      shop.awaitWritten(50);
      ClusterNode joined = cluster.addMaster();
      for (String key : shop.keys()) {
        int slot = cluster.slotOf(key);
        ClusterNode to = cluster.masterOf(slot) == joined ? cluster.masters().getFirst() : joined;
        SlotMove move = cluster.startMove(slot, to);
        move.moveKeys(move.keysLeft() / 2);
        shop.rebuild();
        shop.awaitWritten(10);
        move.finish();
        cluster.masters().forEach(master -> master.command("SCRIPT", "FLUSH"));
      }
      shop.awaitWritten(50);
      shop.finish();
      shop.assertRebuilds();
      shop.assertEveryEventCountedOnce();
    }
  }

  @Test
  void aRowThatChangesItsPlaceInAnIndexIsWrittenWholeWhileItsShardIsBeingMoved() throws Exception {
    try (var shop = new ClusterShop(cluster)) {
      shop.start("a");
      shop.append("a", new Placed("x"));
      shop.awaitCaughtUp();
      List<SlotMove> moves = shop.shards().stream().map(ClusterWorkersTest::startMove).toList();
      shop.append("a", new Paid(1));
      shop.awaitCaughtUp();
      moves.forEach(SlotMove::finish);
      cluster.awaitAgreement();
      shop.assertRowsAreAFreshFold();
      assertThat(shop.store().readModel(shop.sales()).count(IndexQuery.of("events").equalTo(2)))
          .isEqualTo(2);
    }
  }

  private static SlotMove startMove(String key) {
    int slot = cluster.slotOf(key);
    return cluster.startMove(slot, anotherThan(cluster.masterOf(slot)));
  }

  private static ClusterNode anotherThan(ClusterNode old) {
    return cluster.masters().stream()
        .filter(node -> node != old && !cluster.replicasOf(node).isEmpty())
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aMasterThatCrashesOrHangsIsReplacedAndWorkGoesOn() throws Exception {
    try (var shop = new ClusterShop(cluster)) {
      shop.start("a");
      shop.start("b");
      shop.write();
      shop.awaitWritten(20);

      ClusterNode crashed = cluster.masterOf(cluster.slotOf(shop.keys().getFirst()));
      shop.still();
      crashed.crash();
      shop.goOn();
      assertThat(cluster.masterOf(cluster.slotOf(shop.keys().getFirst()))).isNotEqualTo(crashed);
      shop.awaitWrittenEverywhere();
      crashed.restart();
      cluster.awaitAgreement();

      ClusterNode hung = cluster.masterOf(cluster.slotOf(shop.keys().getLast()));
      shop.still();
      hung.pause();
      shop.goOn();
      assertThat(cluster.masterOf(cluster.slotOf(shop.keys().getLast()))).isNotEqualTo(hung);
      shop.awaitWrittenEverywhere();
      hung.crash(); // awake, it might take writes before it hears of its successor, and lose them
      hung.restart();
      cluster.awaitAgreement();

      shop.awaitWrittenEverywhere();
      shop.finish();
      shop.assertEveryEventCountedOnce();
    }
  }

  @Test
  void historyThatAFailoverHasLostIsReportedAndARebuildFollowsWhatIsLeft() throws Exception {
    try (var shop = new ClusterShop(cluster)) {
      var workers = shop.start("a");
      Shop.append(shop.events(), "a", new Placed("x"));
      shop.awaitCaughtUp();
      int partition = shop.events().partitionOf(Shop.ORDERS.stream("a"));
      int slot = cluster.slotOf(shop.events().session().logKey(partition));
      ClusterNode master = cluster.masterOf(slot);
      ClusterNode replica = cluster.replicasOf(master).getFirst();
      shop.awaitCopied();
      ClusterShop.cutOff(replica);
      Shop.append(shop.events(), "a", new Paid(1));
      Position lost = Shop.append(shop.events(), "a", new Paid(2));
      shop.awaitCaughtUp();

      master.crash();
      assertThat(cluster.masterOf(slot)).isEqualTo(replica);
      ClusterShop.reconnect(replica);
      master.restart();
      cluster.awaitAgreement();
      shop.append("a", new Paid(100));
      ClusterShop.await(
          "it stops",
          () ->
              shop.store().status(shop.sales()).partitions().get(partition).state()
                  == PartitionState.LOST_HISTORY);
      assertThat(shop.store().readModel(shop.sales()).await(lost, Duration.ofSeconds(10)))
          .isEqualTo(Awaited.LOST);

      for (var projection : List.of(shop.sales(), shop.orders())) {
        assertThat(workers.rebuild(projection).await().state())
            .isEqualTo(RebuildProgress.State.DONE);
      }
      shop.append("a", new Paid(3));
      shop.awaitCaughtUp();
      shop.assertRowsAreAFreshFold();
    }
  }

  @Test
  void aWorkerThatSleepsIsWokenSoonAfterItsSlotHasMovedOrItsMasterWasReplaced() throws Exception {
    try (var shop = new ClusterShop(cluster)) {
      int partition = shop.events().partitionOf(Shop.ORDERS.stream("a"));
      int slot = cluster.slotOf(shop.events().session().logKey(partition));
      try (var woken = new Wakes(shop.store(), partition)) {
        woken.await("an event is told of", () -> shop.append("a", new Placed("x")));
        ClusterNode old = cluster.masterOf(slot);
        ClusterNode to = anotherThan(old);
        cluster.moveSlots(to, slot);
        woken.await("an event is told of", () -> shop.append("a", new Paid(1)));
        cluster.failover(cluster.replicasOf(to).getFirst());
        cluster.awaitAgreement();
        woken.await("an event is told of", () -> shop.append("a", new Paid(2)));
      }
    }
  }
}
