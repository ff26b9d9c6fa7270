package io.refold.projections.redis;

import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.StoreRefusedException;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.embedded.ClusterNode;
import io.refold.eventstore.embedded.EmbeddedCluster;
import io.refold.eventstore.embedded.SlotMove;
import io.refold.eventstore.redis.Doctor;
import io.refold.eventstore.redis.Finding;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.eventstore.redis.RedisSubjectKeys;
import io.refold.projections.Await;
import io.refold.projections.Awaited;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.RebuildProgress;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.config.Config;

/** The users of docs/guides/security.md can do their work on a cluster, and nothing else. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AclClusterTest {
  private static final Path GUIDE = Path.of("..", "docs", "guides", "security.md");
  private static final List<String> ROLES = List.of("writer", "worker", "reader", "keys", "doctor");

  private static final StreamId ORDER = Shop.ORDERS.stream("o1");

  private static EmbeddedCluster start() throws IOException {
    // nobody hangs here on purpose, and a busy machine is no reason for a failover
    var cluster =
        EmbeddedCluster.start(
            3, 1, "cluster-node-timeout 30000", "appendonly yes", "appendfsync always");
    for (String line : Files.readAllLines(GUIDE)) {
      if (line.startsWith("ACL SETUSER")) {
        for (ClusterNode node : cluster.nodes()) {
          assertThat(node.command(line.split(" ", -1))).isEqualTo("OK");
        }
      }
    }
    return cluster;
  }

  private static Config config(EmbeddedCluster cluster, String role) {
    return SharedCluster.config(cluster)
        .setUsername("refold-" + role)
        .setPassword(role.toUpperCase(Locale.ROOT) + "-PASSWORD");
  }

  private static RedisEventStore connect(EmbeddedCluster cluster, String role) {
    return RedisEventStore.to(config(cluster, role)).partitions(6).open();
  }

  /** Returns what the nodes have refused, but for what the guide says to be harmless. */
  private static List<String> denials(EmbeddedCluster cluster) {
    var denied = new ArrayList<String>();
    for (ClusterNode node : cluster.nodes()) {
      for (Object entry : (List<?>) Objects.requireNonNull(node.command("ACL", "LOG"))) {
        List<?> told = (List<?>) entry;
        String what = String.valueOf(told.get(7));
        if (!what.equals("test1") && !what.startsWith("pubsub|") && !what.equals("config|get")) {
          denied.add(told.get(9) + " " + what);
        }
      }
    }
    return denied;
  }

  @Test
  void eachRoleCanDoItsWorkWhileASlotIsMovedAndNobodyMayChangeTheCluster() throws Exception {
    try (var cluster = start();
        var writing = connect(cluster, "writer");
        var working = connect(cluster, "worker");
        var reading = connect(cluster, "reader");
        var keys = RedisSubjectKeys.connect(config(cluster, "keys"));
        var doctor = Doctor.connect(config(cluster, "doctor"), "refold")) {
      var orders = new Orders();
      var store = RedisProjectionStore.on(working, 2);
      var model = RedisProjectionStore.on(reading, 2).readModel(orders);
      var stream = new StreamId("person", "a");
      Shop.fill(writing, "o", 30);
      try (var workers = ProjectionWorkers.on(store).add(orders).start()) {
        Await.until("caught up", () -> store.status(orders).caughtUp());
        SlotMove move = startMove(cluster, writing);
        move.moveKeys(move.keysLeft()); // from here on the old master says ASK
        var position = Shop.append(writing, "o1", new Paid(1));
        assertThat(reading.read(ORDER, 0, 10)).hasSize(4);
        var key = keys.forWriting("alice", stream);
        keys.forgotten("alice");
        assertThat(keys.forReading("alice")).contains(key);
        assertThat(keys.forget("alice").streams()).containsExactly(stream);
        assertThat(doctor.with(ProjectionChecks.all()).examine().findings())
            .extracting(Finding::code)
            .contains("slot-left-moving")
            .doesNotContain("not-checked");
        move.finish();
        cluster.awaitAgreement();
        assertThat(model.await(position, ofSeconds(60))).isEqualTo(Awaited.APPLIED);
        assertThat(workers.rebuild(orders).await().state()).isEqualTo(RebuildProgress.State.DONE);
        assertThat(model.find("o1")).isPresent();
      }
      assertThat(denials(cluster)).as("a permission that is missing").isEmpty();

      assertThatThrownBy(() -> Shop.append(reading, "o1", new Placed("ink")))
          .isInstanceOf(StoreRefusedException.class);
      for (String role : ROLES) {
        for (String command : List.of("RESET", "FAILOVER", "FORGET x", "DELSLOTS 1", "MEET a 1")) {
          assertRefused(cluster, role, ("CLUSTER " + command).split(" ", -1));
        }
        assertRefused(cluster, role, "CONFIG", "SET", "appendonly", "no");
      }
    }
  }

  private static void assertRefused(EmbeddedCluster cluster, String role, String... command) {
    var words = new ArrayList<>(List.of("ACL", "DRYRUN", "refold-" + role));
    words.addAll(List.of(command));
    ClusterNode node = cluster.nodes().getFirst();
    assertThat(String.valueOf(node.command(words.toArray(String[]::new))))
        .as(role + " " + String.join(" ", command))
        .contains("has no permissions");
  }

  private static SlotMove startMove(EmbeddedCluster cluster, RedisEventStore events) {
    int partition = events.partitionOf(ORDER);
    int slot = cluster.slotOf(events.session().logKey(partition));
    ClusterNode old = cluster.masterOf(slot);
    ClusterNode to =
        cluster.masters().stream().filter(node -> node != old).findFirst().orElseThrow();
    return cluster.startMove(slot, to);
  }
}
