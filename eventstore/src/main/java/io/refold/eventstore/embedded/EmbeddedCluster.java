package io.refold.eventstore.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A real Redis 7.0 cluster of child processes on the loopback address, and ways to do to it what
 * happens to clusters: nodes crash, hang and come back, replicas take over, slots move, masters
 * join. Needs the optional dependency {@code org.signal:embedded-redis}.
 *
 * <p>A master that has not answered for 3 seconds is replaced by a replica, if it has one. The
 * servers have no append-only file. All processes and data are gone after {@link #close()}, or when
 * the JVM exits without it; only a JVM that is killed leaves them behind. Waiting methods give up
 * after 60 seconds with an {@link IllegalStateException}. Thread-safe.
 */
public final class EmbeddedCluster implements AutoCloseable {
  private static final List<String> SETTINGS =
      List.of(
          "cluster-node-timeout 3000",
          "cluster-replica-validity-factor 0", // a replica tries to take over however long it was
          // cut off
          "cluster-allow-replica-migration no", // a replica stays with its master
          "repl-diskless-sync-delay 0");
  private static final int REPLY_MILLIS = 500;

  private final List<String> settings;
  private final ServerGroup group;
  private final List<ClusterNode> nodes = new CopyOnWriteArrayList<>();

  private EmbeddedCluster(List<String> settings) throws IOException {
    this.settings = settings;
    group = new ServerGroup();
  }

  /**
   * Starts a cluster whose masters have equal shares of the slots, and waits until every node
   * agrees and all replicas are linked.
   *
   * @param masters how many masters; 3 are needed for a replica to be elected
   * @param replicas how many replicas each master has
   * @param settings more settings for each server, as in {@code redis.conf}
   * @throws UncheckedIOException if a server cannot be started; the message has what it printed
   */
  public static EmbeddedCluster start(int masters, int replicas, String... settings) {
    var all = new ArrayList<>(SETTINGS);
    all.addAll(List.of(settings));
    @Nullable EmbeddedCluster cluster = null;
    try {
      cluster = new EmbeddedCluster(all);
      cluster.form(masters, replicas);
      return cluster;
    } catch (IOException | RuntimeException e) {
      if (cluster != null) {
        cluster.close();
      }
      throw e instanceof IOException io
          ? new UncheckedIOException("the embedded Redis cluster cannot be started", io)
          : (RuntimeException) e;
    }
  }

  private void form(int masters, int replicas) throws IOException {
    for (int i = 0; i < masters; i++) {
      ClusterNode master = startNode();
      int first = i * ClusterView.SLOTS / masters;
      int last = (i + 1) * ClusterView.SLOTS / masters - 1;
      master.command("CLUSTER", "ADDSLOTSRANGE", "" + first, "" + last);
      master.command("CLUSTER", "SET-CONFIG-EPOCH", "" + (i + 1));
      nodes.add(master);
    }
    for (int i = 0; i < masters * replicas; i++) {
      nodes.add(startNode());
    }
    nodes.forEach(this::introduce);
    Patience.await("the nodes to know each other", this::allKnowAll);
    for (int i = masters; i < nodes.size(); i++) {
      copy(nodes.get(i), nodes.get((i - masters) / replicas));
    }
    awaitAgreement();
  }

  private ClusterNode startNode() throws IOException {
    return new ClusterNode(group.start(Server.Kind.CLUSTERED, settings));
  }

  /** Makes a node known to those before it in the list; gossip would take seconds. */
  private void introduce(ClusterNode node) {
    for (ClusterNode other : nodes) {
      if (other == node) {
        return;
      }
      if (other.runs()) {
        node.command("CLUSTER", "MEET", "127.0.0.1", "" + other.port(), "" + other.busPort());
      }
    }
  }

  private static void copy(ClusterNode replica, ClusterNode master) {
    replica.command("CLUSTER", "REPLICATE", master.id());
  }

  private boolean allKnowAll() {
    var ids = nodes.stream().filter(ClusterNode::runs).map(ClusterNode::id).toList();
    return views().stream()
        .allMatch(
            view -> view.members().stream().map(ClusterView.Member::id).toList().containsAll(ids));
  }

  /** Returns the address of each node: {@code redis://127.0.0.1:port}. */
  public List<String> urls() {
    return nodes.stream().map(ClusterNode::url).toList();
  }

  /** Returns one address with all nodes: {@code redis://127.0.0.1:port,127.0.0.1:port}. */
  public String url() {
    return nodes.stream()
        .map(node -> "127.0.0.1:" + node.port())
        .collect(Collectors.joining(",", "redis://", ""));
  }

  /** Returns all nodes ever started, also those that have crashed. */
  public List<ClusterNode> nodes() {
    return List.copyOf(nodes);
  }

  /** Returns the nodes that answer and believe to be masters, also those without slots. */
  public List<ClusterNode> masters() {
    return answering(ClusterView.Member::isMaster);
  }

  /** Returns the nodes that answer and copy this one. */
  public List<ClusterNode> replicasOf(ClusterNode master) {
    return answering(member -> member.master().equals(master.id()));
  }

  private List<ClusterNode> answering(Predicate<ClusterView.Member> which) {
    return nodes.stream()
        .filter(node -> view(node).map(ClusterView::itself).filter(which).isPresent())
        .toList();
  }

  /** Returns the slot of a key, which the part between its first braces decides. */
  public int slotOf(String key) {
    return Integer.parseInt(
        nodes.stream()
            .filter(node -> view(node).isPresent())
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("no node of the cluster answers"))
            .text("CLUSTER", "KEYSLOT", key));
  }

  /**
   * Returns the master of a slot: of the nodes that answer and believe to be it, the one with the
   * newest claim. Waits while there is none, because a replica has not yet taken over.
   */
  public ClusterNode masterOf(int slot) {
    return Patience.awaitValue("a master for slot " + slot, () -> claimant(slot));
  }

  private Optional<ClusterNode> claimant(int slot) {
    record Claim(ClusterNode node, long epoch) {}
    return nodes.stream()
        .flatMap(node ->
            view(node).map(ClusterView::itself).stream()
                .filter(member -> member.isMaster() && member.slots().get(slot))
                .map(member -> new Claim(node, member.epoch())))
        .max(Comparator.comparingLong(Claim::epoch))
        .map(Claim::node);
  }

  /**
   * Adds a master without slots, and waits until every node agrees.
   *
   * @throws UncheckedIOException if it cannot be started
   */
  public synchronized ClusterNode addMaster() {
    ClusterNode node;
    try {
      node = startNode();
    } catch (IOException e) {
      throw new UncheckedIOException("a node for the embedded cluster cannot be started", e);
    }
    nodes.add(node);
    introduce(node);
    Patience.await("the nodes to know the new one", this::allKnowAll);
    awaitAgreement();
    return node;
  }

  /** Begins to move a slot to a master, and moves no key yet. */
  public SlotMove startMove(int slot, ClusterNode to) {
    return new SlotMove(this, slot, to);
  }

  /** Moves slots with their keys, one after the other; those that are there already stay. */
  public void moveSlots(ClusterNode to, int... slots) {
    for (int slot : slots) {
      if (masterOf(slot) != to) {
        startMove(slot, to).finish();
      }
    }
  }

  /** Lets a replica take its master's place without loss, and waits until it has. */
  public void failover(ClusterNode replica) {
    replica.command("CLUSTER", "FAILOVER");
    Patience.await("%s to take over".formatted(replica), () -> masters().contains(replica));
  }

  /**
   * Waits until all nodes that run answer, call the cluster healthy and agree on who has which
   * slots and who copies whom, and all replicas are linked to their masters.
   */
  public void awaitAgreement() {
    Patience.await("the nodes to agree", this::agreed);
  }

  private boolean agreed() {
    List<ClusterNode> running = nodes.stream().filter(ClusterNode::runs).toList();
    var ids = running.stream().map(ClusterNode::id).collect(Collectors.toSet());
    List<ClusterView> views = views();
    return views.size() == running.size()
        && views.stream().map(view -> view.roles(ids)).distinct().count() == 1
        && views.stream().allMatch(view -> view.coveredSlots() == ClusterView.SLOTS)
        && running.stream().allMatch(EmbeddedCluster::isHealthy);
  }

  private static boolean isHealthy(ClusterNode node) {
    try {
      String replication = node.text("INFO", "replication");
      return node.text("CLUSTER", "INFO").contains("cluster_state:ok")
          && (replication.contains("role:master") || replication.contains("master_link_status:up"));
    } catch (UncheckedIOException | IllegalStateException e) { // gone meanwhile, or still loading
      return false;
    }
  }

  private List<ClusterView> views() {
    return nodes.stream().flatMap(node -> view(node).stream()).toList();
  }

  /** Asks a node; one that is gone, hangs or still loads its data has no view. */
  private static Optional<ClusterView> view(ClusterNode node) {
    if (!node.runs()) {
      return Optional.empty();
    }
    try {
      return Optional.of(ClusterView.of(node, REPLY_MILLIS));
    } catch (UncheckedIOException | IllegalStateException e) {
      return Optional.empty();
    }
  }

  /** Stops all nodes and deletes their data. A second call does nothing. */
  @Override
  public void close() {
    group.close();
  }
}
