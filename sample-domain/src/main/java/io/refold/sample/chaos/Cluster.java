package io.refold.sample.chaos;

import io.refold.eventstore.embedded.ClusterNode;
import io.refold.eventstore.embedded.EmbeddedCluster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A cluster of 3 masters and 3 replicas without disk, each behind a network: it tells clients to
 * come that way. One server fails at a time: a second one would take with it what only the first
 * had told its replica.
 */
final class Cluster implements Servers {
  private static final int MASTERS = 3;
  private static final int SLOTS = 16_384;
  private static final int PROBES = 512;

  private final EmbeddedCluster cluster;
  private final Watchdog watchdog;
  private final Map<ClusterNode, Network> networks = new LinkedHashMap<>();

  Cluster(Watchdog watchdog) throws IOException {
    this.watchdog = watchdog;
    cluster = EmbeddedCluster.start(MASTERS, 1);
    cluster.nodes().forEach(node -> watchdog.guard(node.process()));
    try {
      for (ClusterNode node : cluster.nodes()) {
        networks.put(node, new Network(node.port()));
        announce(node);
      }
      cluster.awaitAgreement();
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  private void announce(ClusterNode node) {
    String port = String.valueOf(Objects.requireNonNull(networks.get(node)).port());
    node.command("CONFIG", "SET", "cluster-announce-port", port);
  }

  @Override
  public String url() {
    return networks.values().stream()
        .map(network -> "127.0.0.1:" + network.port())
        .collect(Collectors.joining(",", "redis://", ""));
  }

  @Override
  public List<Integer> ports() {
    return cluster.masters().stream().map(ClusterNode::port).toList();
  }

  @Override
  public boolean mayLose() {
    return true;
  }

  @Override
  public boolean knows(Fault.Kind kind) {
    return true;
  }

  @Override
  public void suffer(Fault.Kind kind, int target, Duration length)
      throws IOException, InterruptedException {
    switch (kind) {
      case CUT -> networks.values().forEach(Network::cut);
      case SWALLOW -> Network.swallow(List.copyOf(networks.values()), length);
      case DELAY -> Network.delay(List.copyOf(networks.values()), Network.LATE, length);
      default -> fail(kind, target, length);
    }
  }

  private synchronized void fail(Fault.Kind kind, int target, Duration length) throws IOException {
    switch (kind) {
      case SERVER_CRASH -> crash(target);
      case SERVER_PAUSE -> {
        Signals.pause(master(target).process(), length);
        cluster.awaitAgreement();
      }
      case SCRIPTS -> everywhere("SCRIPT", "FLUSH");
      case MOVE -> move(target);
      case CUT,
          SWALLOW,
          DELAY,
          WORKER_KILL,
          WORKER_PAUSE,
          WRITER_KILL,
          WRITER_PAUSE,
          REBUILD,
          VERIFY ->
          throw new IllegalArgumentException(kind + " is no fault of a cluster");
    }
  }

  private ClusterNode master(int target) {
    List<ClusterNode> masters = cluster.masters();
    return masters.get(target % masters.size());
  }

  /** Kills a master; it comes back as a replica of the one that has taken its place. */
  private void crash(int target) {
    ClusterNode node = master(target);
    int[] slots =
        IntStream.range(0, SLOTS / PROBES)
            .map(i -> i * PROBES)
            .filter(slot -> cluster.masterOf(slot) == node)
            .limit(1)
            .toArray();
    ProcessHandle before = node.process();
    node.crash();
    watchdog.release(before);
    for (int slot : slots) {
      cluster.masterOf(slot);
    }
    node.restart();
    watchdog.guard(node.process());
    announce(node);
    cluster.awaitAgreement();
  }

  /**
   * Moves the slots of a partition and of some rows, with all keys in them, one after the other.
   */
  private void move(int target) {
    var slots = new ArrayList<Integer>();
    int partition = target % Stores.PARTITIONS;
    String tag = ChaosRun.NAMESPACE + ":" + partition + "/" + Stores.PARTITIONS + ".";
    for (int k = 0; slots.isEmpty(); k++) {
      int slot = cluster.slotOf(tag + k);
      if (slot * Stores.PARTITIONS / SLOTS == partition) {
        slots.add(slot);
      }
    }
    for (String projection : List.of(Balances.NAME, Totals.NAME)) {
      slots.add(cluster.slotOf("{%s:view:%s:1:0}".formatted(ChaosRun.NAMESPACE, projection)));
    }
    ClusterNode to = master(target / 10);
    cluster.moveSlots(to, slots.stream().mapToInt(Integer::intValue).toArray());
    cluster.awaitAgreement();
  }

  private void everywhere(String... command) {
    for (ClusterNode node : cluster.nodes()) {
      try {
        node.command(command);
      } catch (UncheckedIOException | IllegalStateException e) {
        // it is down, stopped or loading because of another fault
      }
    }
  }

  @Override
  public void close() throws IOException {
    for (Network network : networks.values()) {
      network.close();
    }
    cluster.close();
  }
}
