package io.refold.eventstore.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A real Redis 7.0 master with replicas, and three sentinels that let a replica take its place: all
 * child processes on the loopback address. Needs the optional dependency {@code
 * org.signal:embedded-redis}.
 *
 * <p>A master that has not answered two sentinels for 3 seconds is replaced, if a replica runs; one
 * that comes back is made a replica some seconds later. The servers have no append-only file. All
 * processes and data are gone after {@link #close()}, or when the JVM exits without it; only a JVM
 * that is killed leaves them behind. Waiting methods give up after 60 seconds with an {@link
 * IllegalStateException}. Thread-safe.
 */
public final class EmbeddedSentinels implements AutoCloseable {
  /** What the sentinels call the master. */
  public static final String MASTER = "refold";

  private static final int SENTINELS = 3;
  private static final int REPLY_MILLIS = 500;

  private final ServerGroup group;
  private final List<EmbeddedNode> nodes = new CopyOnWriteArrayList<>();
  private final List<EmbeddedNode> sentinels = new CopyOnWriteArrayList<>();

  private EmbeddedSentinels() throws IOException {
    group = new ServerGroup();
  }

  /**
   * Starts a master, its replicas and the sentinels, and waits until they know each other.
   *
   * @param replicas how many replicas the master has
   * @param settings more settings for each server, as in {@code redis.conf}
   * @throws UncheckedIOException if a server cannot be started; the message has what it printed
   */
  public static EmbeddedSentinels start(int replicas, String... settings) {
    @Nullable EmbeddedSentinels servers = null;
    try {
      servers = new EmbeddedSentinels();
      servers.form(replicas, List.of(settings));
      return servers;
    } catch (IOException | RuntimeException e) {
      if (servers != null) {
        servers.close();
      }
      throw e instanceof IOException io
          ? new UncheckedIOException("the embedded sentinels cannot be started", io)
          : (RuntimeException) e;
    }
  }

  private void form(int replicas, List<String> settings) throws IOException {
    var all = new ArrayList<>(List.of("repl-diskless-sync-delay 0"));
    all.addAll(settings);
    EmbeddedNode master = new EmbeddedNode(group.start(Server.Kind.ALONE, all));
    nodes.add(master);
    all.add("replicaof 127.0.0.1 " + master.port());
    for (int i = 0; i < replicas; i++) {
      nodes.add(new EmbeddedNode(group.start(Server.Kind.ALONE, all)));
    }
    Patience.await("the replicas to copy the master", () -> copies(master));
    for (int i = 0; i < SENTINELS; i++) {
      sentinels.add(startSentinel(master.port(), replicas));
    }
    awaitAgreement();
  }

  private EmbeddedNode startSentinel(int master, int replicas) throws IOException {
    var sentinel =
        new EmbeddedNode(
            group.start(
                Server.Kind.SENTINEL,
                List.of(
                    "sentinel monitor %s 127.0.0.1 %d 2".formatted(MASTER, master),
                    "sentinel down-after-milliseconds %s 3000".formatted(MASTER),
                    // twice as long after one failover, another may begin
                    "sentinel failover-timeout %s 3000".formatted(MASTER),
                    "sentinel parallel-syncs %s %d".formatted(MASTER, replicas))));
    // how often it asks servers for their role, tells other sentinels what it knows, and how long
    // it does nothing after it was held up itself
    sentinel.command(
        "SENTINEL", "DEBUG", "info-period", "500", "publish-period", "500", "tilt-period", "5000");
    return sentinel;
  }

  /** Returns the address of each sentinel: {@code redis://127.0.0.1:port}. */
  public List<String> urls() {
    return sentinels.stream().map(EmbeddedNode::url).toList();
  }

  /** Returns the master and the replicas, also those that have crashed. */
  public List<EmbeddedNode> nodes() {
    return List.copyOf(nodes);
  }

  /** Returns the server that all sentinels call the master; waits until they do, and it is. */
  public EmbeddedNode master() {
    return Patience.awaitValue("the sentinels to agree on a master", this::agreed);
  }

  private Optional<EmbeddedNode> agreed() {
    try {
      List<String> ports =
          sentinels.stream().map(EmbeddedSentinels::masterPort).distinct().toList();
      return nodes.stream()
          .filter(node -> ports.equals(List.of(String.valueOf(node.port()))))
          .filter(node -> node.runs() && role(node).getFirst().equals("master"))
          .findAny();
    } catch (UncheckedIOException away) {
      return Optional.empty();
    }
  }

  private static String masterPort(EmbeddedNode sentinel) {
    return (String) list(sentinel, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER).getLast();
  }

  private static List<?> role(EmbeddedNode node) {
    return list(node, "ROLE");
  }

  private static List<?> list(EmbeddedNode node, String... words) {
    return (List<?>) Objects.requireNonNull(node.command(REPLY_MILLIS, words));
  }

  /**
   * Waits until the sentinels know each other and all servers, agree on a master, and every other
   * server that runs copies it.
   */
  public void awaitAgreement() {
    Patience.await(
        "the replicas to follow one master, and the sentinels to see it",
        () -> agreed().filter(master -> copies(master) && watched()).isPresent());
  }

  private boolean copies(EmbeddedNode master) {
    try {
      return nodes.stream()
          .filter(node -> !node.equals(master) && node.runs())
          .map(EmbeddedSentinels::role)
          .allMatch(role ->
              role.getFirst().equals("slave")
                  && role.get(2).equals(String.valueOf(master.port()))
                  && role.get(3).equals("connected"));
    } catch (UncheckedIOException away) {
      return false;
    }
  }

  private boolean watched() {
    try {
      return sentinels.stream()
          .map(sentinel -> list(sentinel, "SENTINEL", "MASTER", MASTER))
          .allMatch(seen ->
              "master".equals(field(seen, "flags"))
                  && String.valueOf(SENTINELS - 1).equals(field(seen, "num-other-sentinels"))
                  && String.valueOf(nodes.size() - 1).equals(field(seen, "num-slaves")));
    } catch (UncheckedIOException away) {
      return false;
    }
  }

  private static Object field(List<?> namesAndValues, String name) {
    return Objects.requireNonNull(namesAndValues.get(namesAndValues.indexOf(name) + 1));
  }

  /** Stops all servers and sentinels, and deletes their data. A second call does nothing. */
  @Override
  public void close() {
    group.close();
  }
}
