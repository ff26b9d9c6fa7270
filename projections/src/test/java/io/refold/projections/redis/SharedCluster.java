package io.refold.projections.redis;

import io.refold.eventstore.embedded.EmbeddedCluster;
import org.redisson.config.ClusterServersConfig;
import org.redisson.config.Config;

/** A cluster that all test classes of a JVM share, each in namespaces of its own. */
final class SharedCluster {
  private static final EmbeddedCluster CLUSTER = EmbeddedCluster.start(3, 1);

  private SharedCluster() {}

  /** Returns stores on it; it ends with the JVM. */
  static RedisStores stores() {
    return new RedisStores(config(CLUSTER));
  }

  /** Returns how to connect to a cluster, with few connections. */
  static Config config(EmbeddedCluster cluster) {
    var config = new Config();
    ClusterServersConfig servers = config.useClusterServers();
    servers.setNodeAddresses(cluster.urls());
    servers
        .setScanInterval(1_000)
        .setMasterConnectionMinimumIdleSize(1)
        .setSlaveConnectionMinimumIdleSize(1)
        .setSubscriptionConnectionMinimumIdleSize(0);
    return config;
  }
}
