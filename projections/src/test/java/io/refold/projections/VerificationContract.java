package io.refold.projections;

import static io.refold.projections.Shop.append;
import static io.refold.projections.Shop.fill;
import static io.refold.projections.Shop.freshFold;
import static io.refold.projections.Shop.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.Position;
import io.refold.projections.FaultyStore.Fate;
import io.refold.projections.RebuildProgress.State;
import io.refold.projections.Shop.Order;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Shop.SalesByDay;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Filling;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Generations.Purpose;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Subscriptions.Acquisition;
import io.refold.projections.store.Views;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Comparing rows with their history, and mending them, on every store. */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class VerificationContract {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(30);

  private final AtomicBoolean broken = new AtomicBoolean();
  private final Orders orders =
      new Orders(
          1,
          recorded -> {
            if (broken.get() && recorded.version() == 2 && recorded.id().equals("o1")) {
              throw new IllegalStateException("not this one");
            }
          });
  private final SalesByDay sales = new SalesByDay();

  /** Returns the store of this test, empty at its beginning. */
  protected abstract ProjectionStore store();

  /** Checks that nothing of a generation lies in the store. */
  protected abstract void assertNoKeysOf(String generation);

  private EventStore events() {
    return store().events();
  }

  private ProjectionWorkers start() {
    return ProjectionWorkers.on(store())
        .lease(Duration.ofSeconds(1))
        .attempts(1)
        .add(orders)
        .add(sales)
        .start();
  }

  private void awaitCaughtUp() {
    Await.until(
        "all catch up",
        () -> store().status(orders).caughtUp() && store().status(sales).caughtUp());
  }

  private Layout live(Projection<?> projection) {
    return store().generations().look(projection.name(), 1).live().orElseThrow();
  }

  /** Writes a row past all rules, as somebody with a console might; null deletes it. */
  private void corrupt(
      Projection<?> projection,
      String key,
      @Nullable String json,
      List<Views.IndexEntry> removed,
      List<Views.IndexEntry> added) {
    Layout live = live(projection);
    int shard = RowFormat.shard(key, live.shape().shards());
    var nobodys = new Lease(live.generation(), 1_000_000, "vandal", 1); // no owner minds
    store().views().fence(shard, nobodys);
    Await.until(
        "it is written",
        () -> {
          var read =
              store()
                  .views()
                  .read(live.generation(), 0, Map.of(shard, List.of(key)), List.of())
                  .orElseThrow()
                  .get(shard);
          Views.StoredRow row = read == null ? null : read.rows().get(key);
          var change =
              new Views.RowChange(key, row == null ? 0 : row.revision(), json, removed, added);
          return store().views().mend(shard, nobodys, change) == Views.Outcome.DONE;
        });
  }

  private Verification verified(ProjectionWorkers workers, Projection<?> projection)
      throws InterruptedException {
    return workers.verify(projection).await(SOON).orElseThrow();
  }

  @Test
  void aVerificationIsCancelledInTheMiddleOfComparing() throws Exception {
    fill(events(), "o", 60);
    for (boolean close : new boolean[] {false, true}) {
      var gated = new FaultyStore(store());
      var reads = new AtomicInteger();
      var comparing = new CountDownLatch(1);
      var gate = new CountDownLatch(1);
      gated.fates(call -> {
        if (call.equals("members")) {
          reads.incrementAndGet();
          comparing.countDown();
          opened(gate);
        }
        return Fate.FINE;
      });
      try (ExecutorService executor = Executors.newSingleThreadExecutor();
          var workers =
              ProjectionWorkers.on(gated).lease(Duration.ofSeconds(5)).add(orders).start()) {
        Await.until("it catches up", () -> store().status(orders).caughtUp());
        Verifier verifier = workers.verify(orders);
        assertThat(comparing.await(30, TimeUnit.SECONDS)).isTrue();
        Runnable end = close ? workers::close : verifier::cancel;
        var ended = new AtomicReference<Thread>();
        Future<?> cancelled =
            executor.submit(() -> {
              ended.set(Thread.currentThread());
              end.run();
            });
        Await.until(
            "it is waited for",
            () ->
                ended.get() != null
                    && ended.get().getState()
                        == (close ? Thread.State.WAITING : Thread.State.BLOCKED));
        gate.countDown();
        cancelled.get(30, TimeUnit.SECONDS);
        assertThatThrownBy(() -> verifier.await(SOON)).isInstanceOf(RebuildFailedException.class);
        assertThat(reads.get()).as("pages read after it was cancelled").isLessThan(4);
      }
    }
    try (var workers = start()) {
      awaitCaughtUp();
      assertThat(verified(workers, orders).clean()).isTrue();
    }
  }

  private static void opened(CountDownLatch gate) {
    try {
      assertThat(gate.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Future<?> writing(ExecutorService executor, AtomicBoolean stop, AtomicInteger written) {
    return executor.submit(() -> {
      while (!stop.get()) {
        String id = "w" + written.incrementAndGet() % 50;
        Position position = append(events(), id, new Placed("w"), new Paid(1));
        if (written.get() % 40 == 0) { // not faster than the workers are
          store().readModel(orders).await(position, SOON);
        }
      }
    });
  }

  @Test
  void rowsThatAreRightAreFoundToBeRightWhileEventsAreAppended() throws Exception {
    fill(events(), "o", 100);
    var stop = new AtomicBoolean();
    var written = new AtomicInteger();
    try (var one = start();
        var two = start();
        var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      awaitCaughtUp();
      Future<?> writing = writing(executor, stop, written);
      try {
        for (int round = 0; round < 3; round++) {
          for (Projection<?> projection : List.of(orders, sales)) {
            Verification found = verified(round == 1 ? two : one, projection);
            assertThat(found.clean()).as(found.toString()).isTrue();
            assertThat(found.rows()).isGreaterThan(projection.equals(sales) ? 10 : 80);
            assertThat(found.positions()).hasSize(events().partitions());
            assertThat(found.stoodStill()).isPositive().isLessThan(SOON);
            assertThat(found.dropped()).isEmpty();
            assertThat(found.parked()).isEmpty();
          }
        }
      } finally {
        stop.set(true);
      }
      writing.get(20, TimeUnit.SECONDS);
      awaitCaughtUp();
      assertThat(rows(store().readModel(orders))).isEqualTo(freshFold(events(), orders));
      assertThat(rows(store().readModel(sales))).isEqualTo(freshFold(events(), sales));
      assertThat(live(orders).generation().number()).isEqualTo(1);
    }
    assertNoKeysOf("orders:2");
    assertNoKeysOf("sales:4");
  }

  @Test
  void everyRowAndPlaceThatWasTamperedWithIsListedAndMendedWhileEventsAreAppended()
      throws Exception {
    fill(events(), "o", 60);
    var product = new Views.IndexEntry("product", "product-6");
    var wrong = new Views.IndexEntry("product", "wrong");
    var stop = new AtomicBoolean();
    try (var one = start();
        var two = start();
        var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      awaitCaughtUp();
      String other = "{\"product\":\"x\",\"cents\":1,\"events\":9}";
      corrupt(orders, "o1", other, List.of(), List.of());
      corrupt(orders, "o2", null, List.of(), List.of());
      corrupt(orders, "ghost", other, List.of(), List.of());
      corrupt(orders, "o6", right("o6"), List.of(product), List.of(wrong));
      corrupt(orders, "o7", reordered("o7"), List.of(), List.of());
      Future<?> writing = writing(executor, stop, new AtomicInteger());
      try {
        Verification found = verified(one, orders);

        assertThat(found.differing())
            .containsExactlyInAnyOrder(
                new Verification.Row("o1", Optional.of(other), Optional.of(right("o1"))),
                new Verification.Row("o2", Optional.empty(), Optional.of(right("o2"))),
                new Verification.Row("ghost", Optional.of(other), Optional.empty()));
        Optional<String> index = Optional.of("product");
        assertThat(found.entries())
            .contains(
                new Verification.Entry(index, "wrong", "o6", true),
                new Verification.Entry(index, "product-6", "o6", false))
            .allMatch(entry -> entry.key().equals("o6") || entry.key().equals("o2"));
        for (String key : List.of("o1", "o2", "ghost", "o6")) {
          Optional<Verification.Row> mended = two.recompute(orders, key);
          assertThat(mended)
              .isEqualTo(
                  found.differing().stream().filter(row -> row.key().equals(key)).findFirst());
          assertThat(two.recompute(orders, key)).as("again").isEmpty();
        }
        assertThat(verified(two, orders).clean()).isTrue();
      } finally {
        stop.set(true);
      }
      writing.get(20, TimeUnit.SECONDS);
      append(events(), "o1", new Paid(1));
      awaitCaughtUp();
      assertThat(rows(store().readModel(orders))).isEqualTo(freshFold(events(), orders));
    }
  }

  /** The row as the events have it, written as the format writes it. */
  private String right(String id) {
    Order order = freshFold(events(), orders).get(id);
    return new RowFormat<>(orders).write(id, Objects.requireNonNull(order));
  }

  private String reordered(String id) {
    Order order = Objects.requireNonNull(freshFold(events(), orders).get(id));
    return "{ \"events\": %d, \"cents\": %d, \"product\": \"%s\" }"
        .formatted(order.events(), order.cents(), order.product());
  }

  @Test
  void aSharedRowIsMendedExactlyWhileItsEventsAreAppended() throws Exception {
    fill(events(), "o", 60);
    var stop = new AtomicBoolean();
    try (var one = start();
        var two = start();
        var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      awaitCaughtUp();
      Future<?> writing = writing(executor, stop, new AtomicInteger());
      try {
        for (int round = 0; round < 3; round++) {
          corrupt(sales, "all", "{\"orders\":1,\"cents\":2,\"events\":3}", List.of(), List.of());
          Verification found = verified(one, sales);
          assertThat(found.differing()).extracting(Verification.Row::key).containsExactly("all");
          assertThat(two.recompute(sales, "all")).isPresent();
        }
        assertThat(verified(one, sales).clean()).isTrue();
      } finally {
        stop.set(true);
      }
      writing.get(20, TimeUnit.SECONDS);
      awaitCaughtUp();
      assertThat(rows(store().readModel(sales))).isEqualTo(freshFold(events(), sales));
    }
  }

  @Test
  void whatWaitsAndWhatWasDroppedIsLeftOutInBothAndNamed() throws Exception {
    fill(events(), "o", 20);
    broken.set(true);
    try (var workers = start()) {
      Await.until("it is parked", () -> store().parked(orders).list().size() == 1);
      awaitCaughtUp();
      Verification waiting = verified(workers, orders);
      assertThat(waiting.clean()).as(waiting.toString()).isTrue();
      assertThat(waiting.parked()).hasSize(1);
      assertThat(workers.recompute(orders, "o1")).as("it waits here, too").isEmpty();

      ParkedEvents parked = store().parked(orders);
      parked.drop(parked.list().getFirst(), "it was wrong");
      Await.until("it is dropped", () -> parked.list().isEmpty());
      broken.set(false);

      Verification found = verified(workers, orders);
      assertThat(found.clean()).as(found.toString()).isTrue();
      assertThat(found.dropped()).hasSize(1);
      assertThat(found.dropped().getFirst().reason()).isEqualTo("it was wrong");
      assertThat(workers.recompute(orders, "o1")).as("it is left out here, too").isEmpty();
    }
  }

  @Test
  void aBatchThatTheFenceHasCutIsCompletedBeforeRowsAreCompared() throws Exception {
    fill(events(), "o", 20);
    try (var workers = DeterministicWorkers.on(store()).add(sales)) {
      workers.runUntilIdle();
    }
    Position position = append(events(), "o3", new Paid(5));
    applyInOneShardOnly(position);
    try (var workers = start()) {
      Verification found = verified(workers, sales);
      assertThat(found.clean()).as(found.toString()).isTrue();
      awaitCaughtUp();
      assertThat(rows(store().readModel(sales))).isEqualTo(freshFold(events(), sales));
    }
  }

  /** Does what an owner does that is fenced off in the middle of a batch. */
  private void applyInOneShardOnly(Position position) throws Exception {
    var format = new RowFormat<>(sales);
    Layout live = live(sales);
    int shards = live.shape().shards();
    int partition = position.partition();
    var acquired =
        (Acquisition.Granted)
            store()
                .subscriptions()
                .acquire(live.generation(), partition, "cut", Duration.ofMillis(300), 0);
    for (int shard = 0; shard < shards; shard++) {
      store().views().fence(shard, acquired.lease());
    }
    var entries = events().readLog(partition, position.sequence() - 1, 1);
    var batch =
        Batch.of(
            format,
            shards,
            events(),
            new StreamStates(events()::read),
            events().fetch(entries, category -> true),
            position,
            Parking.NONE);
    int shard = RowFormat.shard("all", shards);
    assertThat(RowFormat.shard("bucket-3", shards)).as("another shard").isNotEqualTo(shard);
    var read =
        store()
            .views()
            .read(
                live.generation(),
                partition,
                Map.of(shard, batch.keys().getOrDefault(shard, List.of())),
                List.of())
            .orElseThrow()
            .get(shard);
    var commit = batch.fold(shard, Objects.requireNonNull(read)).orElseThrow();
    assertThat(store().views().commit(acquired.lease(), List.of(commit)))
        .containsEntry(shard, Views.Outcome.DONE);
  }

  @Test
  void aVerificationWhoseProcessDiesAtTheFenceIsCancelledAndTheRowsGoOn() {
    fill(events(), "o", 20);
    var format = new RowFormat<>(orders);
    VerificationRun dying;
    try (var workers = DeterministicWorkers.on(store()).add(orders)) {
      workers.runUntilIdle();
      dying = VerificationRun.start(store(), format, "dying", Duration.ofSeconds(1));
      while (dying.progress().state() != State.COMPARING) {
        assertThat(dying.progress().ended()).isFalse();
        dying.step();
        workers.runUntilIdle();
      }
    }
    assertFenceIsLiftedByOthers(dying.generations());
    dying.step();
    assertThat(dying.progress().state()).isEqualTo(State.CANCELLED);
    assertThat(dying.result()).isNull();
  }

  @Test
  void aRecomputationWhoseProcessDiesAtTheFenceIsCancelledAndTheRowsGoOn() {
    fill(events(), "o", 20);
    var format = new RowFormat<>(orders);
    try (var workers = DeterministicWorkers.on(store()).add(orders)) {
      workers.runUntilIdle();
    }
    Filling left = VerificationRun.started(store(), format, Purpose.RECOMPUTATION, "dying", SHORT);
    GenerationKeys.of(store(), format, left.fresh()).create();
    assertThat(Standstill.of(store(), format, left, () -> {})).isPresent();
    assertFenceIsLiftedByOthers(left);
  }

  private void assertFenceIsLiftedByOthers(Filling left) {
    Generation fenced = left.old().generation();
    assertThat(store().subscriptions().outlook(0, fenced).orElseThrow().fenced()).isTrue();
    Position position = append(events(), "new", new Placed("n"));
    try (var others = start()) {
      assertThat(store().readModel(orders).await(position, SOON))
          .as("applied by " + others.name())
          .isEqualTo(Awaited.APPLIED);
      awaitCaughtUp();
      assertThat(live(orders).generation()).isEqualTo(fenced);
      Await.until(
          "nothing is left on record",
          () -> store().generations().look(orders.name(), 1).gone().isEmpty());
    }
    assertNoKeysOf(left.fresh().generation().toString());
  }

  @Test
  void aCancelledVerificationLeavesNothingAndThoseWhoWaitAreTold() throws Exception {
    fill(events(), "o", 20);
    try (var workers = start()) {
      awaitCaughtUp();
      Verifier verifier = workers.verify(orders);
      assertThat(verifier.projection()).isEqualTo("orders");
      if (verifier.cancel()) {
        assertThatThrownBy(() -> verifier.await(SOON))
            .isInstanceOf(RebuildFailedException.class)
            .hasMessageContaining("CANCELLED");
      }
      assertThat(verifier.cancel()).isFalse();
      Position position = append(events(), "new", new Placed("n"));
      assertThat(store().readModel(orders).find("new", position, SOON)).isPresent();
    }
    assertNoKeysOf("orders:2");
  }

  @Test
  void workersThatAreClosedCancelTheirVerification() throws Exception {
    fill(events(), "o", 20);
    var workers = start();
    awaitCaughtUp();
    Verifier verifier = workers.verify(orders);
    workers.close();
    if (verifier.progress().state() == State.CANCELLED) {
      assertThatThrownBy(() -> verifier.await(SOON)).isInstanceOf(RebuildFailedException.class);
    }
    assertThat(store().generations().look("orders", 1).rebuild()).isEmpty();
    assertNoKeysOf("orders:2");
  }

  @Test
  void onlyOneThingIsDoneToAProjectionAtOnceAndOnlyRowsAreCompared() throws Exception {
    fill(events(), "o", 20);
    try (var workers = start()) {
      awaitCaughtUp();
      Rebuild rebuild = workers.rebuild(orders, RebuildOptions.PLAIN.throttle(1));
      assertThatThrownBy(() -> workers.verify(orders))
          .isInstanceOf(RebuildRunningException.class)
          .hasMessageContaining("version 1 of projection 'orders' is being rebuilt already");
      assertThatThrownBy(() -> workers.recompute(orders, "o1"))
          .isInstanceOf(RebuildRunningException.class);
      rebuild.cancel();
      assertThat(rebuild.await(SOON)).isPresent();
      assertThatThrownBy(() -> workers.verify(new Ledger()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("was not added");
      assertThatThrownBy(() -> workers.recompute(orders, ""))
          .isInstanceOf(IllegalArgumentException.class);
    }
    try (var empty = ProjectionWorkers.on(store()).add(new Orders(1, r -> {})).start()) {
      assertThat(empty.recompute(orders, "nobody")).as("there is no such row").isEmpty();
    }
  }
}
