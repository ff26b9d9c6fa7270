package io.refold.eventstore.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Durability;
import io.refold.eventstore.embedded.EmbeddedNode;
import io.refold.eventstore.embedded.EmbeddedSentinels;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.config.Config;

/** Sentinels replace masters while threads append and commands are handled. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SentinelTest {
  private static final long PATIENCE_MILLIS = 30_000;

  private static RedisEventStore open(EmbeddedSentinels servers) {
    var config = new Config();
    config
        .useSentinelServers()
        .setMasterName(EmbeddedSentinels.MASTER)
        .addSentinelAddress(servers.urls().toArray(String[]::new))
        .setScanInterval(60_000); // the store itself looks more often
    return RedisEventStore.to(config)
        .durability(Durability.replicas(1, Duration.ofSeconds(5)))
        .open();
  }

  @Test
  void whatHasReachedAReplicaIsThereOnceWhenAMasterDiesAndWhenOneHangsAndComesBack()
      throws Exception {
    try (var servers = EmbeddedSentinels.start(3);
        var store = open(servers);
        var writers = new ClusterWriters(store, ClusterWriters.routes(store, 1))) {
      writers.awaitProgress(20, route -> true);

      EmbeddedNode first = servers.master();
      first.crash();
      EmbeddedNode second = servers.master();
      assertThat(second).isNotEqualTo(first);
      writers.awaitProgress(20, route -> true);

      second.pause();
      EmbeddedNode third = servers.master();
      assertThat(third).isNotEqualTo(second);
      writers.awaitProgress(20, route -> true);
      second.resume();
      servers.awaitAgreement();
      writers.awaitProgress(20, route -> true);

      writers.stop();
      writers.verify(acknowledged -> false);
      assertThat(writers.longestMillis()).isLessThan(PATIENCE_MILLIS);
      assertThat(store.warnings()).as("without an append-only file").isNotEmpty();
    }
  }
}
