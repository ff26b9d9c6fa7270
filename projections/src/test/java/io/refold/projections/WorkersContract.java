package io.refold.projections;

import static io.refold.projections.Shop.append;
import static io.refold.projections.Shop.fill;
import static io.refold.projections.Shop.freshFold;
import static io.refold.projections.Shop.rows;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.Position;
import io.refold.projections.Shop.Order;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Shop.SalesByDay;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.ParkedStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What workers do on every store; an implementation says how to get an empty one. */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class WorkersContract {
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
  void historyAndNewEventsEndInTheRows() {
    fill(events(), "before", 60);
    try (var workers = workers().add(orders).add(sales).start()) {
      fill(events(), "while", 60);
      awaitCaughtUp(orders, sales);
      fill(events(), "after", 60);
      awaitCaughtUp(orders, sales);
      assertEqualToFreshFold();
      assertThat(workers.status()).hasSize(2).allMatch(ProjectionStatus::caughtUp);
    }
  }

  @Test
  void aReaderSeesItsOwnWritesOnceItHasWaited() {
    try (var workers = workers().add(orders).start()) {
      ReadModel<Order> model = store().readModel(orders);
      for (int i = 1; i <= 50; i++) {
        Position position = append(events(), "mine", i == 1 ? new Placed("x") : new Paid(1));
        assertThat(model.find("mine", position, SOON)).contains(new Order("x", i - 1, i, null));
      }
      assertThat(workers.name()).isNotBlank();
    }
  }

  @Test
  void rowsThatAreLostWithTheirServerAreFilledInAgainWhileWorkersRun() {
    try (var workers = workers().add(orders).add(sales).start()) {
      fill(events(), "before", 60);
      awaitCaughtUp(orders, sales);
      for (Projection<?> projection : List.of(orders, sales)) {
        Layout live =
            store()
                .generations()
                .look(projection.name(), projection.version())
                .live()
                .orElseThrow();
        store().views().delete(live.generation(), 1, live.shape().indexes());
        store().subscriptions().delete(2, live.generation());
      }

      fill(events(), "after", 60);

      Await.until("the rows are back", () -> complete(orders) && complete(sales));
      awaitCaughtUp(orders, sales);
      assertThat(workers.status()).hasSize(2);
    }
  }

  private <V> boolean complete(Projection<V> projection) {
    try {
      return rows(store().readModel(projection)).equals(freshFold(events(), projection));
    } catch (ReadModelMissingException gone) {
      return false;
    }
  }

  @Test
  void afterAStopOthersGoOnWhereItStopped() {
    var folded = new ConcurrentHashMap<String, Integer>();
    var counting =
        new Orders(
            1,
            recorded ->
                folded.merge(recorded.stream() + "/" + recorded.version(), 1, Integer::sum));
    fill(events(), "a", 40);
    try (var first = workers().add(counting).start()) {
      awaitCaughtUp(counting);
      assertThat(first.status().getFirst().partitions())
          .allMatch(partition -> partition.owner().equals(Optional.of(first.name())));
    }
    assertThat(store().status(counting).partitions())
        .allMatch(partition -> partition.state() == PartitionState.NOT_OWNED);
    fill(events(), "b", 40);
    try (var second = workers().add(counting).start()) {
      awaitCaughtUp(counting);
      assertThat(second.status()).isNotEmpty();
    }
    assertThat(rows(store().readModel(counting))).isEqualTo(freshFold(events(), orders));
    assertThat(folded)
        .as("each event was folded once")
        .allSatisfy((event, times) -> assertThat(times).isOne());
  }

  @Test
  void partitionsAreSharedEvenlyAndMoveWhenAWorkerJoinsOrLeaves() {
    try (var first = workers().add(orders).name("first").start()) {
      Await.until("first owns all", () -> owners().equals(Map.of("first", events().partitions())));
      int half = events().partitions() / 2;
      try (var second = workers().add(orders).name("second").start()) {
        Await.until("both own half", () -> owners().equals(Map.of("first", half, "second", half)));
        fill(events(), "x", 20);
        awaitCaughtUp(orders);
        assertThat(second.name()).isEqualTo("second");
      }
      Await.until("first owns all", () -> owners().equals(Map.of("first", events().partitions())));
      assertThat(first.name()).isEqualTo("first");
    }
    assertThat(rows(store().readModel(orders))).isEqualTo(freshFold(events(), orders));
  }

  private Map<String, Integer> owners() {
    return store().status(orders).partitions().stream()
        .flatMap(partition -> partition.owner().stream())
        .collect(Collectors.toMap(owner -> owner, owner -> 1, Integer::sum));
  }

  @Test
  void aFailingEventIsTriedAndParkedVisiblyAndNothingElseWaits() {
    var broken = new AtomicBoolean(true);
    var tried = new AtomicInteger();
    var picky =
        new Orders(
            1,
            recorded -> {
              if (broken.get() && recorded.event().equals(new Paid(-13))) {
                tried.incrementAndGet();
                throw new IllegalStateException("negative sums bring bad luck");
              }
            });
    append(events(), "good", new Placed("x"));
    append(events(), "bad", new Placed("x"), new Paid(1));
    append(events(), "bad", new Paid(-13));
    Position last = append(events(), "bad", new Paid(2));
    fill(events(), "others", 30);
    try (var workers = workers().add(picky).add(sales).attempts(3).start()) {
      awaitCaughtUp(picky, sales);
      ParkedStream parked = store().parked(picky).list().getFirst();
      assertThat(parked.stream()).isEqualTo(Shop.ORDERS.stream("bad"));
      assertThat(parked.version()).isEqualTo(3);
      assertThat(parked.attempts()).isEqualTo(3);
      assertThat(tried).hasValue(3);
      assertThat(parked.error())
          .contains("event 3 of order:bad", "type 'paid'", "negative sums bring bad luck");
      assertThat(workers.status().getFirst().parked()).isOne();
      ReadModel<Order> model = store().readModel(picky);
      assertThat(model.find("bad"))
          .as("what stands before the event is applied, and nothing behind it")
          .contains(new Order("x", 1, 2, null));
      assertThat(model.await(last, Duration.ofSeconds(10))).isEqualTo(Awaited.PARKED);

      broken.set(false);
      store().parked(picky).retry(parked.stream());
      Await.until("the retry", () -> store().parked(picky).list().isEmpty());
      assertThat(model.await(last, Duration.ofSeconds(10))).isEqualTo(Awaited.APPLIED);
      assertThat(workers.status()).allMatch(ProjectionStatus::caughtUp);
      assertThat(store().status(picky).partitions()).allMatch(p -> p.error().isEmpty());
      assertEqualToFreshFold();
    }
  }

  @Test
  void aNewVersionGetsRowsOfItsOwnBesideTheOldOnes() {
    fill(events(), "o", 30);
    var next = new Orders(2, recorded -> {});
    try (var old = workers().add(orders).start()) {
      awaitCaughtUp(orders);
      try (var fresh = workers().add(next).start()) {
        awaitCaughtUp(next);
        fill(events(), "p", 10);
        awaitCaughtUp(orders, next);
        assertThat(fresh.status().getFirst().generation()).hasValue(2);
      }
      assertThat(old.status().getFirst().generation()).hasValue(1);
    }
    assertThat(rows(store().readModel(orders))).isEqualTo(freshFold(events(), orders));
    assertThat(rows(store().readModel(next))).isEqualTo(freshFold(events(), next));
  }
}
