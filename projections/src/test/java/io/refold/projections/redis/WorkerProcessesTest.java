package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.Await;
import io.refold.projections.PartitionState;
import io.refold.projections.ProjectionStatus;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Cancelled;
import io.refold.projections.Shop.Order;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Shop.Sales;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Workers in processes of their own that are killed and stopped in the middle of their work. */
@Timeout(value = 150, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WorkerProcessesTest {
  private static final Duration LEASE = Duration.ofMillis(1_500);
  private static final String NAMESPACE = "processes";

  private final Shop.Orders orders = new Shop.Orders();
  private final Shop.SalesByDay sales = new Shop.SalesByDay();

  @SuppressWarnings("NullAway.Init") // opened before each test
  private EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisEventStore events;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisProjectionStore store;

  @BeforeEach
  void open() {
    redis = EmbeddedRedis.start();
    events = RedisEventStore.to(redis.url()).namespace(NAMESPACE).open();
    store = RedisProjectionStore.on(events);
  }

  @AfterEach
  void close() {
    events.close();
    redis.close();
  }

  private WorkerProcess start(String name) throws Exception {
    return WorkerProcess.start(redis.url(), NAMESPACE, name, LEASE);
  }

  private Map<String, Integer> owners(ProjectionStatus status) {
    return status.partitions().stream()
        .flatMap(partition -> partition.owner().stream())
        .collect(Collectors.toMap(owner -> owner, owner -> 1, Integer::sum, TreeMap::new));
  }

  private void awaitOwners(Map<String, Integer> expected) {
    Await.until(
        "partitions are shared as " + expected,
        () ->
            owners(store.status(orders)).equals(expected)
                && owners(store.status(sales)).equals(expected));
  }

  private void awaitCaughtUp() {
    Await.until(
        "both projections catch up",
        () -> store.status(orders).caughtUp() && store.status(sales).caughtUp());
  }

  private void assertEveryEventCountedOnce() {
    Map<String, Order> rows = Shop.rows(store.readModel(orders));
    Map<String, Sales> totals = Shop.rows(store.readModel(sales));
    assertThat(totals).isEqualTo(Shop.freshFold(events, sales));
    assertThat(rows).isEqualTo(Shop.freshFold(events, orders));
    long all = 0;
    for (int partition = 0; partition < events.partitions(); partition++) {
      all += events.head(partition).events();
    }
    assertThat(totals.get("all")).extracting(Sales::events).isEqualTo(all);
    assertThat(store.status(orders).partitions())
        .extracting(ProjectionStatus.Partition::error)
        .containsOnly(Optional.empty());
  }

  @Test
  void whateverHappensToTheProcessesEachEventIsCountedOnce() throws Exception {
    var stop = new AtomicBoolean();
    var written = new AtomicInteger();
    try (var a = start("a");
        var b = start("b");
        var c = start("c");
        var d = start("d");
        var executor = Executors.newFixedThreadPool(2)) {
      try {
        for (int writer = 0; writer < 2; writer++) {
          String prefix = "w" + writer + "-";
          var unused = executor.submit(() -> write(prefix, stop, written));
        }
        awaitOwners(Map.of("a", 4, "b", 4, "c", 4, "d", 4));
        awaitWritten(written, 200);
        a.kill();
        awaitWritten(written, 200);
        b.signal("STOP");
        long stopped = System.nanoTime();
        awaitOwners(Map.of("c", 8, "d", 8));
        assertThat(Duration.ofNanos(System.nanoTime() - stopped))
            .as("partitions of a dead or hanging process are taken over soon after its lease")
            .isLessThan(LEASE.multipliedBy(20));
        awaitWritten(written, 200);
        b.signal("CONT");
        awaitOwners(Map.of("b", 6, "c", 5, "d", 5));
        awaitWritten(written, 100);
        c.kill();
        try (var e = start("e")) {
          awaitOwners(Map.of("b", 6, "d", 5, "e", 5));
          awaitWritten(written, 100);
          assertThat(e.alive() && b.alive() && d.alive()).isTrue();
          stop.set(true);
          awaitCaughtUp();
          assertEveryEventCountedOnce();
        }
      } finally {
        stop.set(true);
      }
    }
  }

  private void write(String prefix, AtomicBoolean stop, AtomicInteger written) {
    for (int i = 0; !stop.get(); i++) {
      String id = prefix + i % 97;
      Shop.append(events, id, new Placed("p" + i), new Paid(i));
      if (i % 11 == 0) {
        Shop.append(events, id, new Cancelled());
      }
      written.incrementAndGet();
    }
  }

  private static void awaitWritten(AtomicInteger written, int more) {
    int before = written.get();
    Await.until("more is written", () -> written.get() >= before + more);
  }

  @Test
  void aProcessKilledWhileItReadsHistoryLeavesNothingHalf() throws Exception {
    for (int i = 0; i < 20_000; i++) {
      Shop.append(events, "h" + i % 1_000, new Placed("p"), new Paid(i), new Paid(1));
    }
    for (int kill = 0; kill < 3; kill++) {
      try (var victim = start("victim-" + kill)) {
        int done = kill;
        Await.until(
            "some history is read",
            () ->
                store.status(sales).partitions().stream()
                        .filter(p -> p.position().sequence() > 0)
                        .count()
                    > done * 4L);
        victim.kill();
      }
    }
    try (var last = start("last")) {
      awaitCaughtUp();
      assertThat(last.alive()).isTrue();
      assertEveryEventCountedOnce();
      assertThat(store.status(sales).partitions())
          .extracting(ProjectionStatus.Partition::state)
          .containsOnly(PartitionState.RUNNING);
    }
  }

  @Test
  void aProcessStoppedWhileItWaitsForNewEntriesTakesNothingWithIt() throws Exception {
    try (var sleeper = start("sleeper")) {
      Shop.fill(events, "x", 20);
      awaitCaughtUp();
      sleeper.signal("STOP");
      try (var other = start("other")) {
        awaitOwners(Map.of("other", events.partitions()));
        Shop.fill(events, "y", 50);
        awaitCaughtUp();
        sleeper.signal("CONT");
        Shop.fill(events, "z", 50);
        awaitOwners(Map.of("other", events.partitions() / 2, "sleeper", events.partitions() / 2));
        awaitCaughtUp();
        assertEveryEventCountedOnce();
        assertThat(other.alive()).isTrue();
      }
    }
  }
}
