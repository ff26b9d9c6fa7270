package io.refold.projections.redis;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.redisson.config.Config;
import org.redisson.misc.RedisURI;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * A cluster of another version: three masters, each with a replica, in one container. The servers
 * know each other by ports within it, which a client maps to those outside.
 */
final class ContainerCluster implements AutoCloseable {
  private static final List<Integer> PORTS = IntStream.rangeClosed(7001, 7006).boxed().toList();
  private static final String NODES =
      PORTS.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(" "));
  private static final String START =
      """
      set -e
      for node in $NODES; do
        port=${node#*:}
        mkdir -p /tmp/$port
        $SERVER-server --port $port --dir /tmp/$port --daemonize yes --bind 0.0.0.0 \
          --protected-mode no --save '' --appendonly yes --repl-diskless-sync-delay 0 \
          --cluster-enabled yes --cluster-node-timeout 30000
        until $SERVER-cli -p $port ping; do sleep 0.1; done
      done
      $SERVER-cli --cluster create $NODES --cluster-replicas 1 --cluster-yes
      for node in $NODES; do
        port=${node#*:}
        until $SERVER-cli -p $port cluster info | grep cluster_state:ok; do sleep 0.1; done
        until $SERVER-cli -p $port info replication | grep -E 'role:master|link_status:up'; do
          sleep 0.1
        done
      done
      echo the cluster is complete
      exec sleep infinity
      """;

  private final GenericContainer<?> container;

  ContainerCluster(String image) {
    String server = image.startsWith("valkey") ? "valkey" : "redis";
    container =
        new GenericContainer<>(DockerImageName.parse(image))
            .withExposedPorts(PORTS.toArray(Integer[]::new))
            .withEnv("NODES", NODES)
            .withEnv("SERVER", server)
            .withCommand("sh", "-c", START)
            .waitingFor(Wait.forLogMessage(".*the cluster is complete.*", 1));
    container.start();
  }

  /** Returns how to connect, with few connections. */
  Config config() {
    var config = new Config();
    config
        .useClusterServers()
        .addNodeAddress(addresses())
        .setNatMapper(this::outside)
        .setMasterConnectionMinimumIdleSize(1)
        .setSlaveConnectionMinimumIdleSize(1)
        .setSubscriptionConnectionMinimumIdleSize(0);
    return config;
  }

  private String[] addresses() {
    return PORTS.stream()
        .map(port -> "redis://%s:%d".formatted(container.getHost(), container.getMappedPort(port)))
        .toArray(String[]::new);
  }

  private RedisURI outside(RedisURI inside) {
    return PORTS.contains(inside.getPort())
        ? new RedisURI(
            inside.getScheme(), container.getHost(), container.getMappedPort(inside.getPort()))
        : inside;
  }

  @Override
  public void close() {
    container.stop();
  }
}
