package io.refold.eventstore.redis;

import static io.refold.eventstore.redis.DoctorFixture.codes;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.embedded.ClusterNode;
import io.refold.eventstore.embedded.EmbeddedCluster;
import io.refold.eventstore.embedded.SlotMove;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.redisson.config.Config;

/** What is wrong with a cluster is found; the tests that break it come last. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DoctorClusterTest {
  private static final int PARTITIONS = 12;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedCluster cluster;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore store;

  @BeforeAll
  static void start() {
    cluster = EmbeddedCluster.start(3, 1, DoctorFixture.with("min-replicas-to-write 1"));
    var config = new Config();
    config.useClusterServers().setNodeAddresses(cluster.urls());
    store = RedisEventStore.to(config).partitions(PARTITIONS).open();
    for (int i = 0; i < 100; i++) {
      DoctorFixture.append(store, "s" + i % 50, i / 50);
    }
  }

  @AfterAll
  static void stop() {
    store.close();
    cluster.close();
  }

  private static int slot(int partition) {
    String tag = store.session().partitionTag(partition);
    return Keys.slot(tag.substring(1, tag.length() - 1));
  }

  @Test
  @Order(1)
  void aHealthyClusterIsHealthy() {
    assertThat(Doctor.of(store).examine().toString()).isEqualTo("Nothing was found.");
    assertThat(Doctor.of(store).thorough().examine().findings()).isEmpty();
  }

  @Test
  @Order(2)
  void whatIsWrongWithOneNodeNamesIt() {
    ClusterNode replica = cluster.replicasOf(cluster.masters().get(1)).getFirst();
    assertThat(replica.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")).isEqualTo("OK");
    assertThat(Doctor.of(store).examine().findings())
        .singleElement()
        .asString()
        .contains("eviction", ":" + replica.port());
    assertThat(replica.command("CONFIG", "SET", "maxmemory-policy", "noeviction")).isEqualTo("OK");
  }

  @Test
  @Order(3)
  void aMoveThatWasLeftOpenIsFound() {
    ClusterNode to = cluster.masters().get(1);
    SlotMove move = cluster.startMove(7, to);
    Diagnosis diagnosis = Doctor.of(store).examine();
    assertThat(codes(diagnosis)).containsExactly("slot-left-moving");
    assertThat(diagnosis.toString()).contains("slot 7 is leaving", "slot 7 is coming to");
    move.finish();
    cluster.awaitAgreement();
    assertThat(codes(Doctor.of(store))).isEmpty();
  }

  @Test
  @Order(4)
  void partitionsThatGatherAreFound() {
    ClusterNode crowded = cluster.masters().get(2);
    List<Integer> slots =
        IntStream.range(0, PARTITIONS).map(DoctorClusterTest::slot).boxed().toList();
    int[] elsewhere =
        slots.stream()
            .filter(slot -> cluster.masterOf(slot) != crowded)
            .limit(2)
            .mapToInt(Integer::intValue)
            .toArray();
    cluster.moveSlots(crowded, elsewhere);
    cluster.awaitAgreement();
    DoctorFixture.await(() -> codes(Doctor.of(store)).contains("partitions-uneven"));
  }

  @Test
  @Order(5)
  void aNodeThatIsAwayIsFound() {
    ClusterNode gone = cluster.replicasOf(cluster.masters().getFirst()).getFirst();
    gone.crash();
    DoctorFixture.await(() -> codes(Doctor.of(store)).contains("node-away"));
    gone.restart();
  }

  @Test
  @Order(6)
  void slotsWithoutMasterAreFound() {
    for (ClusterNode node : cluster.nodes()) {
      node.command("CLUSTER", "DELSLOTS", "16000");
    }
    DoctorFixture.await(() -> codes(Doctor.of(store)).contains("slots-uncovered"));
  }
}
