package io.refold.projections.sql;

import static io.refold.projections.Shop.append;
import static io.refold.projections.Shop.fill;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.Await;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.HistoryLostException;
import io.refold.projections.NotAppliedException;
import io.refold.projections.PartitionState;
import io.refold.projections.ProjectionStatus;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.RebuildFailedException;
import io.refold.projections.RebuildProgress.State;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Order;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.sql.SqlProjection.Naming;
import io.refold.projections.store.Generation;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What workers do to tables, with events from every store; an implementation gives an empty one.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
abstract class SqlWorkersContract {
  private static final Duration SOON = Duration.ofSeconds(30);

  private final Naming naming;
  private final ShopTables tables;
  private final FaultyDataSource faults = new FaultyDataSource(Postgres.fresh());
  private final SqlReadModel model;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private ProjectionStore store;

  SqlWorkersContract(Naming naming) {
    this.naming = naming;
    tables = new ShopTables(naming);
    model = SqlReadModel.of(faults.dataSource(), tables);
  }

  /** Returns an empty store. */
  abstract ProjectionStore store();

  @BeforeEach
  void open() {
    store = store();
  }

  private EventStore events() {
    return store.events();
  }

  private ProjectionWorkers.Builder workers() {
    return ProjectionWorkers.on(store).lease(Duration.ofSeconds(1));
  }

  private void awaitCaughtUp(SqlReadModel... models) {
    for (SqlReadModel each : models) {
      Await.until("it catches up", () -> store.status(each).caughtUp());
    }
  }

  private void assertEqualToFreshFold() throws SQLException {
    assertThat(model.read(ShopTables::content)).isEqualTo(ShopTables.freshFold(events()));
  }

  private int shown() throws SQLException {
    return model.read(SqlView::generation);
  }

  private void awaitTablesOf(int... generations) {
    Await.until(
        "no other tables are left",
        () -> {
          try {
            return ShopTables.tables(faults.dataSource()).size() == 2 * generations.length;
          } catch (SQLException e) {
            throw new AssertionError(e);
          }
        });
    assertThat(generations).isNotEmpty();
  }

  @Test
  void historyAndNewEventsEndInTheTablesWhoeverWorks() throws Exception {
    fill(events(), "before", 20);
    try (var first = workers().add(model).start()) {
      fill(events(), "one", 10);
      try (var second = workers().add(SqlReadModel.of(faults.dataSource(), tables)).start()) {
        fill(events(), "two", 10);
        awaitCaughtUp(model);
        assertThat(second.status()).allMatch(ProjectionStatus::caughtUp);
      }
      fill(events(), "three", 10);
      awaitCaughtUp(model);
      assertThat(first.status().getFirst().outdated()).isZero();
    }
    assertEqualToFreshFold();
  }

  @Test
  void aReaderSeesItsOwnWritesAlsoAcrossARebuild() throws Exception {
    try (var workers = workers().add(model).start()) {
      awaitCaughtUp(model);
      var rebuild = workers.rebuild(model);
      for (int i = 1; !rebuild.progress().ended() || i < 20; i++) {
        Position position = append(events(), "mine", i == 1 ? new Placed("x") : new Paid(1));
        Order expected = new Order("x", i - 1, i, null);
        assertThat(model.read(store, position, SOON, ShopTables::content).orders())
            .containsEntry("mine", expected);
      }
      assertThat(rebuild.await().state()).isEqualTo(State.DONE);
      var unknown = new Position(0, 1_000, 1);
      assertThatThrownBy(() -> model.read(store, unknown, SOON, ShopTables::content))
          .isInstanceOf(HistoryLostException.class);
    }
    Position unseen = append(events(), "mine", new Paid(1));
    assertThatThrownBy(() -> model.read(store, unseen, Duration.ofMillis(5), ShopTables::content))
        .isInstanceOf(NotAppliedException.class)
        .hasMessageContaining("has not applied " + unseen);
  }

  @Test
  void aRebuildIsInvisibleAndCanBeRepeated() throws Exception {
    fill(events(), "o", 30);
    var expected = ShopTables.freshFold(events());
    try (var workers = workers().add(model).start()) {
      awaitCaughtUp(model);
      var done = new AtomicBoolean();
      Set<Integer> seen = new ConcurrentSkipListSet<>();
      var reading =
          CompletableFuture.runAsync(
              () -> {
                while (!done.get()) {
                  try {
                    model.read(view -> {
                      assertThat(ShopTables.content(view)).isEqualTo(expected);
                      return seen.add(view.generation());
                    });
                  } catch (SQLException e) {
                    throw new AssertionError(e);
                  }
                }
              },
              task -> Thread.ofVirtual().start(task));
      for (int generation = 2; generation <= 3; generation++) {
        assertThat(workers.rebuild(model).await(SOON)).isPresent();
        assertThat(shown()).isEqualTo(generation);
        int next = generation;
        Await.until("readers have switched", () -> seen.contains(next) || reading.isDone());
      }
      done.set(true);
      reading.get(20, TimeUnit.SECONDS);
      awaitTablesOf(3);
      fill(events(), "p", 5);
      awaitCaughtUp(model);
    }
    assertEqualToFreshFold();
  }

  @Test
  void aCancelledRebuildLeavesNothing() throws Exception {
    fill(events(), "o", 10);
    var gate = new CountDownLatch(1);
    try (var workers = workers().add(model).start()) {
      awaitCaughtUp(model);
      hold(gate);
      var rebuild = workers.rebuild(model);
      awaitTablesOf(1, 2);
      var cancelled = // it may have to wait for who stands at the gate, in a transaction
          CompletableFuture.supplyAsync(rebuild::cancel, task -> Thread.ofPlatform().start(task));
      Await.until(
          "it is cancelled",
          () -> store.generations().look(rebuild.projection(), 1).rebuild().isEmpty());
      gate.countDown();
      assertThat(cancelled.get(60, TimeUnit.SECONDS)).isTrue();
      assertThat(rebuild.await().state()).isEqualTo(State.CANCELLED);
      awaitTablesOf(1);
      fill(events(), "p", 5);
      awaitCaughtUp(model);
      assertThat(shown()).isEqualTo(1);
    }
    assertEqualToFreshFold();
  }

  /** Lets the filling of generations from the second on wait at a gate. */
  private void hold(CountDownLatch gate) {
    tables.probe((view, recorded) -> {
      if (view.generation() > 1) {
        await(gate);
      }
    });
  }

  private static void await(CountDownLatch gate) {
    try {
      assertThat(gate.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aRebuildGoesOnInAnotherProcessWhereItWas() throws Exception {
    fill(events(), "o", 20);
    var gate = new CountDownLatch(1);
    try (var first = workers().add(model).start()) {
      awaitCaughtUp(model);
      hold(gate);
      first.rebuild(model);
      awaitTablesOf(1, 2);
      gate.countDown();
    }
    assertThat(shown()).isEqualTo(1);
    try (var second = workers().add(model).start()) {
      Await.until("the rebuild is done", () -> store.status(model).generation().orElse(0) == 2);
      awaitTablesOf(2);
      awaitCaughtUp(model);
      assertThat(second.status()).hasSize(1);
    }
    assertEqualToFreshFold();
  }

  @Test
  void aDatabaseThatGoesAwayIsWaitedFor() throws Exception {
    fill(events(), "o", 10);
    try (var workers = workers().add(model).start()) {
      awaitCaughtUp(model);
      faults.cut();
      fill(events(), "p", 10);
      Await.until(
          "all with something to do say what they wait for",
          () -> {
            var waiting =
                store.status(model).partitions().stream()
                    .filter(p -> p.state() == PartitionState.WAITING)
                    .toList();
            assertThat(waiting).allMatch(p -> p.error().orElse("").contains("cut on purpose"));
            return !waiting.isEmpty()
                && store.status(model).partitions().stream()
                    .allMatch(p -> p.lag() == 0 || p.state() == PartitionState.WAITING);
          });
      faults.mend();
      faults.loseCommits(3);
      awaitCaughtUp(model);
      assertThat(workers.status().getFirst().partitions()).allMatch(p -> p.error().isEmpty());
    }
    assertThat(store.parked(model).list()).isEmpty();
    assertEqualToFreshFold();
  }

  @Test
  void aFailingEventIsParkedAndLandsOnceWhenItIsRetried() throws Exception {
    var broken = new AtomicBoolean(true);
    tables.probe((view, recorded) -> {
      if (broken.get() && recorded.event().equals(new Paid(13))) {
        view.update("INSERT INTO nowhere VALUES (13)");
      }
    });
    append(events(), "bad", new Placed("x"));
    Position failing = append(events(), "bad", new Paid(13));
    append(events(), "bad", new Paid(2));
    fill(events(), "o", 10);
    try (var workers = workers().attempts(2).add(model).start()) {
      Await.until("it is parked", () -> store.parked(model).list().size() == 1);
      awaitCaughtUp(model);
      assertThat(store.parked(model).list().getFirst().error()).contains("nowhere");
      assertThat(model.read(ShopTables::content).orders())
          .containsEntry("bad", new Order("x", 0, 1, null))
          .hasSizeGreaterThan(5);
      assertThatThrownBy(() -> model.read(store, failing, SOON, ShopTables::content))
          .isInstanceOf(NotAppliedException.class)
          .hasMessageContaining("parked");
      broken.set(false);
      store.parked(model).retry(Shop.ORDERS.stream("bad"));
      Await.until("nothing is parked", () -> store.parked(model).list().isEmpty());
      append(events(), "bad", new Paid(1));
      awaitCaughtUp(model);
      assertThat(workers.status()).hasSize(1);
    }
    assertEqualToFreshFold();
  }

  @Test
  void whoDiesBetweenTheSwitchesLeavesReadersOnWholeTablesAndOthersSwitchThem() throws Exception {
    fill(events(), "o", 10);
    try (var dying = DeterministicWorkers.on(store).add(new DiesBeforeShowing(model, 2))) {
      dying.runUntilIdle();
      assertThatThrownBy(() -> dying.rebuild(model)).isInstanceOf(StoreUnavailableException.class);
    }
    assertThat(store.status(model).generation()).as("the store has switched").hasValue(2);
    assertThat(shown()).isEqualTo(1);
    assertEqualToFreshFold();
    fill(events(), "p", 5);
    try (var next = DeterministicWorkers.on(store).add(model)) {
      next.runUntilIdle();
    }
    assertThat(shown()).isEqualTo(2);
    assertEqualToFreshFold();
    try (var sweeping = workers().add(model).start()) {
      awaitTablesOf(2);
      assertThat(sweeping.status()).hasSize(1);
    }
  }

  @Test
  void aProcessOfAnotherVersionDropsNoTablesThatAreStillRead() throws Exception {
    fill(events(), "o", 10);
    var next = SqlReadModel.of(faults.dataSource(), new ShopTables(naming, 2));
    try (var old = DeterministicWorkers.on(store).add(model);
        var dying = DeterministicWorkers.on(store).add(new DiesBeforeShowing(next, 3))) {
      old.runUntilIdle();
      dying.runUntilIdle();
      assertThatThrownBy(() -> dying.rebuild(next)).isInstanceOf(StoreUnavailableException.class);
    }
    assertThat(next.read(SqlView::generation)).isEqualTo(2);
    try (var workers = workers().add(model).start()) {
      awaitTablesOf(1, 3);
      assertThat(workers.status()).hasSize(1);
    }
    assertThat(next.read(SqlView::generation)).isEqualTo(3);
    assertThat(next.read(ShopTables::content)).isEqualTo(ShopTables.freshFold(events()));
  }

  @Test
  void aRebuildWhoseTablesCannotBeCreatedFailsAndSaysWhy() throws Exception {
    fill(events(), "o", 5);
    try (var workers = DeterministicWorkers.on(store).add(model)) {
      workers.runUntilIdle();
      try (var connection = faults.dataSource().getConnection()) {
        Rows.execute(
            connection,
            naming == Naming.SUFFIX
                ? "CREATE TABLE sales_g2 (id INTEGER)"
                : "CREATE SCHEMA \"the \"\"shop\"\"_g2\"");
      }
      assertThatThrownBy(() -> workers.rebuild(model))
          .isInstanceOf(RebuildFailedException.class)
          .hasMessageContainingAll("generation the \"shop\":2", "_g2\" already exists");
      workers.runUntilIdle();
      assertThat(workers.rebuild(model).state()).isEqualTo(State.DONE);
    }
    assertThat(shown()).isEqualTo(3);
    assertEqualToFreshFold();
  }

  @Test
  void aNewVersionHasTablesOfItsOwnBesideTheOldOnes() throws Exception {
    fill(events(), "o", 10);
    var next = SqlReadModel.of(faults.dataSource(), new ShopTables(naming, 2));
    try (var old = workers().add(model).start();
        var fresh = workers().add(next).start()) {
      fill(events(), "p", 5);
      awaitCaughtUp(model, next);
      assertThat(List.of(old.status(), fresh.status())).hasSize(2);
    }
    assertThat(shown()).isEqualTo(1);
    assertThat(next.read(SqlView::generation)).isEqualTo(2);
    assertThat(next.read(ShopTables::content)).isEqualTo(ShopTables.freshFold(events()));
    assertEqualToFreshFold();
  }

  @Test
  void aDatabaseThatWasRestoredFromAnOlderBackupIsBroughtUpToDate() throws Exception {
    fill(events(), "o", 10);
    try (var workers = DeterministicWorkers.on(store).add(model)) {
      workers.runUntilIdle();
    }
    model.heads(store).delete(new Generation(model.name(), 1), 0, List.of());
    fill(events(), "p", 5);
    try (var workers = DeterministicWorkers.on(store).add(model)) {
      workers.runUntilIdle();
    }
    assertEqualToFreshFold();
  }

  @Test
  void deletedStreamsTakeTheirRowsWithThemAndAreNotRebuilt() throws Exception {
    fill(events(), "o", 10);
    try (var workers = DeterministicWorkers.on(store).add(model)) {
      workers.runUntilIdle();
      for (int i = 1; i < 4; i++) {
        events().delete(Shop.ORDERS.stream("o" + i), ExpectedVersion.any());
      }
      workers.runUntilIdle();
      var orders = model.read(ShopTables::content).orders();
      assertThat(orders).doesNotContainKeys("o1", "o2", "o3").containsKeys("o4", "o6");
      workers.rebuild(model);
      assertThat(model.read(ShopTables::content).orders()).isEqualTo(orders);
      assertThat(store.status(model).outdated()).isZero();
    }
    assertEqualToFreshFold();
  }
}
