package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.UniqueValues;
import io.refold.eventstore.embedded.ClusterNode;
import io.refold.eventstore.embedded.EmbeddedCluster;
import io.refold.eventstore.embedded.SlotMove;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;

/** What happens to clusters happens while threads append and commands are handled. */
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClusterFaultsTest {
  /** A call may wait 5 s for its pipeline, 5 s for its reply, and be sent again for 5 s. */
  private static final long PATIENCE_MILLIS = 30_000;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedCluster cluster;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisEventStore store;

  @BeforeAll
  static void start() {
    cluster = EmbeddedCluster.start(3, 1);
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @BeforeEach
  void open(TestInfo test) {
    cluster.awaitAgreement();
    replaceAfter(30_000);
    store =
        RedisEventStore.to(cluster.url())
            .namespace(test.getTestMethod().orElseThrow().getName())
            .open();
  }

  @AfterEach
  void close() {
    store.close();
  }

  /**
   * How long a master may be silent: no busy machine is to cause a failover where none is meant.
   */
  private static void replaceAfter(int millis) {
    for (ClusterNode node : cluster.nodes()) {
      node.command("CONFIG", "SET", "cluster-node-timeout", String.valueOf(millis));
    }
  }

  private int slot(String route) {
    int partition = store.partitionOf(ACCOUNTS.stream(route + "/a"));
    return cluster.slotOf(store.session().logKey(partition));
  }

  private Predicate<String> at(ClusterNode master) {
    return route -> cluster.masterOf(slot(route)).equals(master);
  }

  @Test
  void slotsMoveAndAMasterJoinsWhileEverythingGoesOn() throws Exception {
    try (var writers = new ClusterWriters(store, ClusterWriters.routes(store, 1))) {
      writers.awaitProgress(10, route -> true);
      ClusterNode old = cluster.masterOf(slot("route-0"));
      int slot = slot("route-0");
      ClusterNode joined = cluster.addMaster();
      cluster.moveSlots(
          joined, cluster.slotOf("any")); // a node without slots is unknown to clients
      writers.awaitProgress(10, route -> true);

      SlotMove move = cluster.startMove(slot, joined);
      assertThat(move.moveKeys(move.keysLeft() / 2)).isPositive();
      writers.awaitProgress(10, route -> slot(route) != slot);
      // what lies apart can still be read
      assertThat(store.read(ACCOUNTS.stream("route-0/a"), 0, 10)).hasSize(10);
      assertThat(store.read(ACCOUNTS.stream("route-0/h"), 0, 10)).hasSize(10);
      joined.command("SCRIPT", "FLUSH");
      move.finish();
      writers.awaitProgress(10, route -> true);
      assertThat(cluster.masterOf(slot)).isEqualTo(joined);
      cluster.masters().forEach(master -> master.command("SCRIPT", "FLUSH"));
      for (ClusterNode to : List.of(old, joined, old)) {
        cluster.moveSlots(to, slot);
        writers.awaitProgress(2, route -> true);
      }

      writers.stop();
      writers.verify(acknowledged -> false);
      assertThat(writers.longestMillis()).isLessThan(PATIENCE_MILLIS);
    }
  }

  @Test
  void aValueOfAnyTextIsFoundWhileItsSlotMoves() {
    UniqueValues names = RedisUniqueValues.on(store, "name");
    StreamId alice = ACCOUNTS.stream("alice");
    for (String value : List.of("a}b{c}", "}b{e}", "}{d}")) {
      int slot = cluster.slotOf(store.session().namespace() + ":unique:name:" + value);
      ClusterNode from = cluster.masterOf(slot);
      ClusterNode to =
          cluster.masters().stream()
              .filter(master -> !master.equals(from))
              .findFirst()
              .orElseThrow();

      SlotMove move = cluster.startMove(slot, to);
      assertThat(names.reserve(value, alice, "c1", Duration.ofMinutes(1)))
          .isInstanceOf(UniqueValues.Result.Reserved.class);
      move.finish();
      assertThat(names.find(value)).isPresent();
      cluster.moveSlots(from, slot);
    }
  }

  @Test
  void aReplicaTakesThePlaceOfAMasterThatDies() throws Exception {
    aReplicaTakesOver(ClusterNode::crash, ClusterNode::restart);
  }

  @Test
  void aReplicaTakesThePlaceOfAMasterThatHangsAndComesBack() throws Exception {
    aReplicaTakesOver(ClusterNode::pause, ClusterNode::resume);
  }

  private void aReplicaTakesOver(Consumer<ClusterNode> goes, Consumer<ClusterNode> comesBack)
      throws Exception {
    replaceAfter(3_000);
    try (var writers = new ClusterWriters(store, ClusterWriters.routes(store, 1))) {
      writers.awaitProgress(20, route -> true);
      int slot = slot("route-0");
      ClusterNode master = cluster.masterOf(slot);
      Predicate<String> there =
          ClusterWriters.routes(store, 1).stream().filter(at(master)).toList()::contains;
      long safe = System.nanoTime();
      awaitReplicated(master);

      goes.accept(master);
      long gone = System.nanoTime();
      assertThat(cluster.masterOf(slot)).isNotEqualTo(master);
      writers.awaitProgress(20, route -> true);
      comesBack.accept(master);
      cluster.awaitAgreement();
      writers.awaitProgress(20, there);

      writers.stop();
      writers.verify(acknowledged ->
          there.test(acknowledged.stream().route())
              && acknowledged.nanos() - safe > 0
              && acknowledged.nanos() - gone < 0);
      assertThat(writers.longestMillis()).isLessThan(PATIENCE_MILLIS);
    }
  }

  /** Waits until the replica has what its master has now. */
  private static void awaitReplicated(ClusterNode master) {
    ClusterNode replica = cluster.replicasOf(master).getFirst();
    long offset = offset(master, "master_repl_offset");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (offset(replica, "slave_repl_offset") < offset) {
      assertThat(System.nanoTime()).isLessThan(deadline);
    }
  }

  private static long offset(ClusterNode node, String field) {
    return String.valueOf(node.command("INFO", "replication"))
        .lines()
        .filter(line -> line.startsWith(field + ":"))
        .mapToLong(line -> Long.parseLong(line.substring(field.length() + 1)))
        .findAny()
        .orElseThrow();
  }

  @Test
  void aMasterThatHangsHoldsUpNobodyElse() throws Exception {
    List<String> routes = ClusterWriters.routes(store, 1);
    ClusterNode master = cluster.masterOf(slot(routes.getFirst()));
    List<String> hanging = routes.stream().filter(at(master)).toList();
    List<String> others = routes.stream().filter(at(master).negate()).toList();
    try (var threads = Executors.newCachedThreadPool()) {
      routes.forEach(route -> store.append(append(route, 0)));
      var held = new ArrayList<Future<?>>();
      master.pause();
      try {
        for (int i = 1; i <= 20; i++) {
          int number = i;
          for (String route : hanging) {
            held.add(threads.submit(() -> untilAppended(append(route, number))));
          }
        }
        var nanos = new ArrayList<Long>();
        for (int i = 1; i <= 20; i++) {
          for (String route : others) {
            long start = System.nanoTime();
            assertThat(store.append(append(route, i))).isInstanceOf(AppendResult.Appended.class);
            nanos.add(System.nanoTime() - start);
          }
        }
        nanos.sort(null); // one may be held up by a busy machine, half of them only by the master
        assertThat(TimeUnit.NANOSECONDS.toMillis(nanos.get(nanos.size() / 2))).isLessThan(4_000);
        // each call gets an answer while the master still hangs
        threads.submit(() -> tryOnce(append(hanging.getFirst(), 21))).get(30, TimeUnit.SECONDS);
      } finally {
        master.resume();
      }
      for (Future<?> call : held) {
        call.get(60, TimeUnit.SECONDS);
      }
      for (String route : routes) {
        assertThat(store.read(ACCOUNTS.stream(route), 0, 100))
            .extracting(StoredEvent::commandId)
            .doesNotHaveDuplicates()
            .contains("append-0", "append-1", "append-20");
      }
    }
  }

  private void untilAppended(Append append) {
    while (!tryOnce(append)) {
      // the same once more
    }
  }

  private boolean tryOnce(Append append) {
    try {
      return store.append(append) instanceof AppendResult.Appended;
    } catch (StoreUnavailableException notWritten) {
      return false;
    }
  }

  private static Append append(String id, int number) {
    return Append.of(ACCOUNTS, id, ExpectedVersion.any(), List.of(new Deposited(number)))
        .withCommandId("append-" + number);
  }
}
