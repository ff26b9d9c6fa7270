package io.refold.projections;

import static io.refold.projections.Shop.append;
import static io.refold.projections.Shop.fill;
import static io.refold.projections.Shop.freshFold;
import static io.refold.projections.Shop.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.Position;
import io.refold.projections.Shop.Order;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Shop.Sales;
import io.refold.projections.Shop.SalesByDay;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How rebuilds go on every store; an implementation says how to get an empty one. */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class RebuildContract {
  private static final Duration SOON = Duration.ofSeconds(20);

  private final Orders orders = new Orders();
  private final SalesByDay sales = new SalesByDay();

  /** Returns the store of this test, empty at its beginning. */
  protected abstract ProjectionStore store();

  private EventStore events() {
    return store().events();
  }

  private ProjectionWorkers.Builder workers() {
    return ProjectionWorkers.on(store()).lease(Duration.ofSeconds(2));
  }

  private void awaitCaughtUp(Projection<?>... projections) {
    for (Projection<?> projection : projections) {
      Await.until(projection.name() + " catches up", () -> store().status(projection).caughtUp());
    }
  }

  private void assertEqualToFreshFold() {
    assertThat(rows(store().readModel(orders))).isEqualTo(freshFold(events(), orders));
    assertThat(rows(store().readModel(sales))).isEqualTo(freshFold(events(), sales));
  }

  @Test
  void aRebuildUnderWritesEndsEqualToAFreshFoldAndNoReaderEverMissesARow() throws Exception {
    fill(events(), "base", 150);
    var stop = new AtomicBoolean();
    ReadModel<Order> model = store().readModel(orders);
    try (var workers = workers().add(orders).add(sales).start();
        var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      awaitCaughtUp(orders, sales);
      var writing = new CountDownLatch(20);
      var problem = new AtomicReference<String>("");
      var written = new AtomicInteger();
      var tasks = new ArrayList<Future<?>>();
      tasks.add(
          executor.submit(() -> {
            while (!stop.get()) {
              append(events(), "base" + (1 + 2 * (written.get() % 2)), new Paid(1));
              String id = "new" + written.incrementAndGet();
              Position position = append(events(), id, new Placed("n"));
              if (model.find(id, position, SOON).isEmpty()) {
                problem.compareAndSet("", "own write was not seen: " + id);
              }
              writing.countDown();
            }
          }));
      ReadModel<Sales> totals = store().readModel(sales);
      for (int reader = 0; reader < 2; reader++) {
        tasks.add(
            executor.submit(() -> {
              long cents = 0;
              long all = 0;
              while (!stop.get()) {
                Order order = model.find("base1").orElse(null);
                Sales sum = totals.find("all").orElse(null);
                if (order == null || order.cents() < cents || sum == null || sum.events() < all) {
                  problem.compareAndSet(
                      "", "order %s after %d, %s after %d".formatted(order, cents, sum, all));
                  return;
                }
                cents = order.cents();
                all = sum.events();
                if (model.findAll(List.of("base1", "base2", "base3")).size() != 3
                    || totals.rows(10).rows().size() < 10) {
                  problem.compareAndSet("", "a row was missing");
                }
              }
            }));
      }
      try {
        rebuildTwiceWhileWriting(workers, writing);
      } finally {
        stop.set(true);
      }
      executor.shutdown();
      assertThat(executor.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
      for (Future<?> task : tasks) {
        task.get(); // a reader that failed is a reader that missed something
      }
      awaitCaughtUp(orders, sales);
      assertThat(problem.get()).isEmpty();
      assertThat(store().status(orders).generation()).hasValue(3);
      assertEqualToFreshFold();
    }
  }

  private void rebuildTwiceWhileWriting(ProjectionWorkers workers, CountDownLatch writing)
      throws InterruptedException {
    assertThat(writing.await(30, TimeUnit.SECONDS)).isTrue();
    for (int round = 0; round < 2; round++) {
      for (Rebuild rebuild : List.of(workers.rebuild(orders), workers.rebuild(sales))) {
        RebuildProgress done = rebuild.await(SOON).orElseThrow();
        assertThat(done.state()).isEqualTo(RebuildProgress.State.DONE);
        assertThat(done.events()).isPositive().isLessThanOrEqualTo(done.total());
        assertThat(done.eventsPerSecond()).isPositive();
      }
    }
  }

  @Test
  void aCancelledRebuildLeavesNothingBehindAndTheRowsGoOn() {
    fill(events(), "o", 50);
    var gate = new CountDownLatch(1);
    var slow = new AtomicBoolean();
    var gated =
        new Orders(
            1,
            recorded -> {
              if (slow.get() && gate.getCount() > 0) {
                throw new IllegalStateException("never mind");
              }
            });
    try (var workers = workers().add(gated).start()) {
      awaitCaughtUp(gated);
      var other = DeterministicWorkers.on(store()).add(new SalesByDay());
      Rebuild rebuild = workers.rebuild(gated);
      assertThat(rebuild.cancel()).isTrue();
      assertThat(rebuild.cancel()).isFalse();
      assertThat(rebuild.progress().state()).isEqualTo(RebuildProgress.State.CANCELLED);
      append(events(), "o1", new Paid(99));
      awaitCaughtUp(gated);
      assertThat(store().status(gated).rebuild()).isEmpty();
      assertThat(store().status(gated).generation()).hasValue(1);
      assertThat(rows(store().readModel(gated))).isEqualTo(freshFold(events(), orders));
      other.close();
    }
    assertNoKeysOf("orders:2");
  }

  /** Checks that nothing of a generation lies in the store. */
  protected abstract void assertNoKeysOf(String generation);

  @Test
  void aRebuildThatMeetsAFailingEventFailsAndTheOldRowsGoOn() {
    fill(events(), "o", 50);
    var broken = new AtomicBoolean();
    var picky =
        new Orders(
            1,
            recorded -> {
              if (broken.get() && recorded.version() == 3 && recorded.id().equals("o1")) {
                throw new IllegalStateException("not this one");
              }
            });
    try (var workers = workers().add(picky).start()) {
      awaitCaughtUp(picky);
      broken.set(true);
      Rebuild rebuild = workers.rebuild(picky);
      assertThatThrownBy(() -> rebuild.await(SOON))
          .isInstanceOf(RebuildFailedException.class)
          .hasMessageContaining("event 3 of order:o1")
          .hasMessageContaining("not this one");
      broken.set(false);
      fill(events(), "p", 10);
      awaitCaughtUp(picky);
      assertThat(rows(store().readModel(picky))).isEqualTo(freshFold(events(), orders));
    }
  }

  @Test
  void aSecondRebuildIsRefusedWhileOneIsUnderWay() throws Exception {
    fill(events(), "o", 200);
    var gate = new CountDownLatch(1);
    var slow = new AtomicBoolean();
    var gated =
        new Orders(
            1,
            recorded -> {
              if (slow.get()) {
                await(gate);
              }
            });
    try (var workers = workers().add(gated).start();
        var others = workers().add(gated).start()) {
      awaitCaughtUp(gated);
      slow.set(true);
      Rebuild rebuild = workers.rebuild(gated);
      assertThatThrownBy(() -> workers.rebuild(gated)).isInstanceOf(RebuildRunningException.class);
      assertThatThrownBy(() -> others.rebuild(gated))
          .isInstanceOf(RebuildRunningException.class)
          .hasMessageContaining("being rebuilt already");
      gate.countDown();
      assertThat(rebuild.await(SOON)).isPresent();
      assertThat(rows(store().readModel(gated))).isEqualTo(freshFold(events(), orders));
    }
  }

  @Test
  void aRebuildWhoseCoordinatorIsGoneIsResumed() throws Exception {
    fill(events(), "o", 100);
    var gate = new CountDownLatch(1);
    var slow = new AtomicBoolean();
    var gated =
        new Orders(
            1,
            recorded -> {
              if (slow.get()) {
                await(gate);
              }
            });
    try (var first = workers().add(gated).start()) {
      awaitCaughtUp(gated);
      slow.set(true);
      Rebuild abandoned = first.rebuild(gated);
      assertThat(abandoned.progress().ended()).isFalse();
      gate.countDown();
      abandoned.abandon();
      var resumed = new AtomicReference<Rebuild>();
      Await.until(
          "the coordinator's lease has expired",
          () -> {
            try {
              resumed.set(first.rebuild(gated));
              return true;
            } catch (RebuildRunningException running) {
              return false;
            }
          });
      assertThat(resumed.get().await(SOON)).isPresent();
      assertThat(store().status(gated).generation().orElseThrow()).isEqualTo(2);
      assertThat(rows(store().readModel(gated))).isEqualTo(freshFold(events(), orders));
    }
  }

  private static void await(CountDownLatch gate) {
    try {
      assertThat(gate.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
