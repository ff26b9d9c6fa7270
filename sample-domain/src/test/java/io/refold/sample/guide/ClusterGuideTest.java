package io.refold.sample.guide;

import static io.refold.sample.guide.Vehicles.VEHICLES;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Append;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.embedded.EmbeddedCluster;
import io.refold.eventstore.embedded.EmbeddedSentinels;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.sample.guide.Vehicles.VehicleEvent.Registered;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.config.Config;

/** The code of docs/guides/cluster.md does what the guide says. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClusterGuideTest {
  /** Opens the store of a cluster, with what only a Redisson configuration can say. */
  static RedisEventStore open(List<String> addresses) {
    var config = new Config();
    config
        .useClusterServers()
        .addNodeAddress(addresses.toArray(String[]::new))
        .setTimeout(2_000) // milliseconds that a reply may take
        .setMasterConnectionPoolSize(32);
    return RedisEventStore.connect(config);
  }

  /** Opens the store of a master that sentinels watch. */
  static RedisEventStore openWatched(List<String> sentinels) {
    var config = new Config();
    config
        .useSentinelServers()
        .setMasterName("refold") // as the sentinels call it
        .addSentinelAddress(sentinels.toArray(String[]::new));
    return RedisEventStore.connect(config);
  }

  @Test
  void aStoreFindsWhatHasMoved() {
    try (var cluster = EmbeddedCluster.start(3, 0);
        var store = RedisEventStore.connect(cluster.url())) {
      var append =
          Append.of(
              VEHICLES, "M-RF 1", ExpectedVersion.noStream(), List.of(new Registered("M-RF 1")));
      store.append(append);
      int partition = store.partitionOf(VEHICLES.stream("M-RF 1"));
      int slot = cluster.slotOf(store.session().logKey(partition));

      cluster.moveSlots(cluster.addMaster(), slot); // as redis-cli --cluster reshard does it

      assertThat(store.read(VEHICLES.stream("M-RF 1"), 0, 10)).hasSize(1);
    }
  }

  @Test
  void aConfigurationSaysTheRest() {
    try (var cluster = EmbeddedCluster.start(3, 0);
        var store = open(cluster.urls())) {
      assertThat(store.partitions()).isEqualTo(16);
    }
  }

  @Test
  void sentinelsNameTheMaster() {
    try (var servers = EmbeddedSentinels.start(1);
        var store = openWatched(servers.urls())) {
      assertThat(store.partitions()).isEqualTo(16);
    }
  }
}
