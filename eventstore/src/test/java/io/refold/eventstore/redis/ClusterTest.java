package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts;
import io.refold.eventstore.Accounts.Open;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.StoreMisconfiguredException;
import io.refold.eventstore.SubjectKeys;
import io.refold.eventstore.SubjectKeysContract;
import io.refold.eventstore.embedded.ClusterNode;
import io.refold.eventstore.embedded.EmbeddedCluster;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.redisson.config.Config;
import org.redisson.config.ReadMode;

/** A store on a real cluster of three masters and three replicas. */
class ClusterTest extends ClusterContracts {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedCluster cluster;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore store;

  @BeforeAll
  static void open() {
    // nobody hangs here on purpose, and a busy machine is no reason for a failover
    cluster =
        EmbeddedCluster.start(
            3, 1, "cluster-node-timeout 30000", "appendonly yes", "appendfsync always");
    store = RedisEventStore.connect(cluster.url());
  }

  @AfterAll
  static void close() {
    store.close();
    cluster.close();
  }

  @Override
  RedisEventStore cluster() {
    return store;
  }

  @Nested
  class Keys extends SubjectKeysContract {
    @SuppressWarnings("NullAway.Init") // opened before the first test
    private static RedisSubjectKeys keys;

    @BeforeAll
    static void open() {
      keys = RedisSubjectKeys.connect(cluster.url());
    }

    @AfterAll
    static void close() {
      keys.close();
    }

    @Override
    protected SubjectKeys keys() {
      return keys;
    }
  }

  @Test
  void partitionsAreSpreadOverAllMasters() {
    long masters =
        IntStream.range(0, store.partitions())
            .mapToObj(
                partition -> cluster.masterOf(cluster.slotOf(store.session().logKey(partition))))
            .distinct()
            .count();

    assertThat(masters).isEqualTo(3);
  }

  @Test
  void theSlotOfAKeyIsTheOneThatRedisSees() {
    var masters = new Masters(store.session().redisson());
    for (String key :
        List.of(
            "a", "{a}b", "b{a}", "a}b{c}", "}{d}", "{}a", "}{}{a}", "{{a}b}", "a{b", "}a{b",
            "{ä}")) {
      assertThat(masters.slot(key)).as(key).isEqualTo(cluster.slotOf(key));
    }
  }

  @Test
  void replicasAreNeverReadWhateverTheConfigurationSays() {
    var config = new Config();
    config
        .useClusterServers()
        .setReadMode(ReadMode.SLAVE)
        .addNodeAddress(cluster.urls().toArray(String[]::new));
    cluster.nodes().forEach(node -> node.command("CONFIG", "RESETSTAT"));
    try (var reading = RedisEventStore.to(config).namespace("replicas").open()) {
      var accounts = CommandHandler.on(reading, ACCOUNTS, new Accounts.AccountDecider()).build();
      for (int i = 0; i < 100; i++) {
        accounts.handle("a" + i, new Open("owner"));
        assertThat(reading.read(ACCOUNTS.stream("a" + i), 0, 10)).hasSize(1);
      }
      for (int partition = 0; partition < reading.partitions(); partition++) {
        reading.readLog(partition, 0, 1_000);
        reading.head(partition);
      }
    }

    for (ClusterNode master : cluster.masters()) {
      assertThat(calls(master, "xrange")).isPositive();
      for (ClusterNode replica : cluster.replicasOf(master)) {
        assertThat(calls(replica, "xrange")).isZero();
        assertThat(calls(replica, "evalsha")).isZero();
        assertThat(calls(replica, "eval")).isZero();
      }
    }
  }

  @Test
  void theAddressOfASingleNodeIsRefusedWithTheWayOut() {
    assertThatThrownBy(() -> RedisEventStore.connect(cluster.urls().getFirst()))
        .isInstanceOf(StoreMisconfiguredException.class)
        .hasMessageContaining("cluster")
        .hasMessageContaining("commas");
  }

  /** Returns how often a node has executed a command since its statistics were reset. */
  private static long calls(ClusterNode node, String name) {
    String stats = String.valueOf(node.command("INFO", "commandstats"));
    var line = Pattern.compile("cmdstat_" + name + ":calls=(\\d+)").matcher(stats);
    return line.find() ? Long.parseLong(line.group(1)) : 0;
  }
}
