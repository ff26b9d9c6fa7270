package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.embedded.EmbeddedNode;
import io.refold.eventstore.embedded.EmbeddedSentinels;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.config.Config;

/** Workers on a server with replicas, one of which the sentinels promote. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SentinelWorkersTest {
  @Test
  void aMasterThatDiesIsReplacedAndWorkGoesOn() throws Exception {
    try (var servers = EmbeddedSentinels.start(2);
        var shop = new ClusterShop(config(servers), () -> awaitCopied(servers))) {
      shop.start("a");
      shop.start("b");
      shop.write();
      shop.awaitWritten(50);

      EmbeddedNode died = servers.master();
      shop.still();
      died.crash();
      shop.goOn();
      assertThat(servers.master()).isNotEqualTo(died);
      shop.awaitWrittenEverywhere();

      shop.finish();
      shop.assertRebuilds();
      shop.assertEveryEventCountedOnce();
    }
  }

  private static Config config(EmbeddedSentinels servers) {
    var config = new Config();
    config
        .useSentinelServers()
        .setMasterName(EmbeddedSentinels.MASTER)
        .addSentinelAddress(servers.urls().toArray(String[]::new));
    return config;
  }

  private static void awaitCopied(EmbeddedSentinels servers) {
    EmbeddedNode master = servers.master();
    List<EmbeddedNode> replicas =
        servers.nodes().stream().filter(node -> !node.equals(master) && node.runs()).toList();
    ClusterShop.awaitCopied(master, replicas);
  }
}
