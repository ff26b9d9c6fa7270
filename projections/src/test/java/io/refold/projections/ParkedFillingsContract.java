package io.refold.projections;

import static io.refold.projections.Shop.append;
import static io.refold.projections.Shop.freshFold;
import static io.refold.projections.Shop.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.Position;
import io.refold.projections.RebuildProgress.State;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Shop.Sales;
import io.refold.projections.Shop.SalesByDay;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.ParkedStream;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Subscriptions.Acquisition;
import io.refold.projections.store.Views;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What parking and dropping events mean for what is filled meanwhile, on every store. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class ParkedFillingsContract {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final AtomicBoolean broken = new AtomicBoolean(true);
  private final Orders orders = orders(1);

  /** Returns the store of this test, empty at its beginning. */
  protected abstract ProjectionStore store();

  private EventStore events() {
    return store().events();
  }

  private Orders orders(int version) {
    return new Orders(
        version,
        recorded -> {
          if (broken.get() && recorded.event() instanceof Paid(long cents) && cents == 13) {
            throw new IllegalStateException("not 13");
          }
        });
  }

  private static void runUntilIdle(DeterministicWorkers workers) {
    try {
      workers.runUntilIdle();
    } catch (EventParkedException parked) {
      assertThat(parked).hasMessageContaining("not 13");
    }
  }

  private DeterministicWorkers parkedAtThirteen() {
    append(events(), "o1", new Placed("x"), new Paid(1), new Paid(13), new Paid(2));
    var workers = DeterministicWorkers.on(store()).add(orders);
    runUntilIdle(workers);
    assertThat(store().parked(orders).list()).hasSize(1);
    return workers;
  }

  private void drop() {
    ParkedEvents parked = store().parked(orders);
    parked.drop(parked.list().getFirst(), "unlucky");
  }

  /** Lets workers do what was asked. */
  private void answered(Projection<?> projection, DeterministicWorkers workers) {
    Layout live = store().generations().look(projection.name(), 1).live().orElseThrow();
    Await.until(
        "it is done",
        () -> {
          runUntilIdle(workers);
          return IntStream.range(0, events().partitions())
              .allMatch(p -> store().parkedStreams().asked(p, live.generation()).isEmpty());
        });
  }

  private static void drive(FillingRun run, DeterministicWorkers workers) {
    Await.until(
        "it has ended",
        () -> {
          run.step();
          runUntilIdle(workers);
          return run.progress().ended();
        });
  }

  @Test
  void aDropThatIsMadeDuringARebuildEndsItAndStaysOnRecord() {
    try (var workers = parkedAtThirteen()) {
      broken.set(false);
      RebuildRun run = RebuildRun.start(store(), new RowFormat<>(orders), null, "w", LONG);
      run.step();
      drop();
      answered(orders, workers);

      drive(run, workers);

      assertThat(run.progress().state()).isEqualTo(State.FAILED);
      assertThat(run.failure())
          .hasMessageContaining("event 3 of order:o1 was dropped meanwhile")
          .hasMessageContaining("start the rebuild again");
      assertThat(store().parked(orders).dropped()).hasSize(1);
      workers.rebuild(orders);
      assertThat(store().parked(orders).dropped()).hasSize(1);
      assertThat(store().readModel(orders).find("o1").orElseThrow().cents()).isEqualTo(3);
    }
  }

  @Test
  void aDropThatIsAskedForBehindTheFenceEndsARebuildAndIsDoneAfterwards() {
    try (var workers = parkedAtThirteen()) {
      broken.set(false);
      RebuildRun run = RebuildRun.start(store(), new RowFormat<>(orders), null, "w", LONG);
      while (run.progress().state() != State.SWITCHING) {
        assertThat(run.progress().ended()).isFalse();
        run.step();
        if (run.progress().state() != State.SWITCHING) {
          runUntilIdle(workers);
        }
      }
      drop();

      drive(run, workers);
      answered(orders, workers);

      assertThat(run.failure()).hasMessageContaining("was dropped meanwhile");
      assertThat(store().parked(orders).list()).isEmpty();
      assertThat(store().parked(orders).dropped()).hasSize(1);
    }
  }

  @Test
  void aDropThatIsAskedForAndNotDoneAtTheFenceEndsARebuild() {
    try (var workers = parkedAtThirteen()) {
      RebuildRun run =
          RebuildRun.start(
              store(), new RowFormat<>(orders), RebuildOptions.PLAIN.parkFailures(), "w", LONG);
      run.step();
      runUntilIdle(workers);
      drop();

      run.step();

      assertThat(run.failure()).hasMessageContaining("event 3 of order:o1 was dropped meanwhile");
      answered(orders, workers);
      assertThat(store().parked(orders).dropped()).hasSize(1);
    }
  }

  @Test
  void aDropThatIsMadeDuringAVerificationEndsIt() {
    for (int i = 0; i < 30; i++) { // too many to stop the rows in the first step
      append(events(), "o2", Stream.generate(() -> new Paid(1)).limit(100).toArray(Paid[]::new));
    }
    try (var workers = parkedAtThirteen()) {
      VerificationRun run = VerificationRun.start(store(), new RowFormat<>(orders), "w", LONG);
      run.step();
      runUntilIdle(workers);
      drop();
      answered(orders, workers);

      drive(run, workers);

      assertThat(run.result()).isNull();
      assertThat(run.failure())
          .hasMessageContaining("event 3 of order:o1 was dropped meanwhile, verify again");
      VerificationRun again = VerificationRun.start(store(), new RowFormat<>(orders), "w", LONG);
      drive(again, workers);
      assertThat(Objects.requireNonNull(again.result()).clean()).isTrue();
    }
  }

  @Test
  void aVerificationNamesTheEventThatItCannotApplyAndTheRowsHave() {
    broken.set(false);
    append(events(), "o1", new Placed("x"), new Paid(1), new Paid(13), new Paid(2));
    try (var workers = DeterministicWorkers.on(store()).add(orders)) {
      workers.runUntilIdle();
      broken.set(true);
      VerificationRun run = VerificationRun.start(store(), new RowFormat<>(orders), "w", LONG);

      drive(run, workers);

      Verification found = Objects.requireNonNull(run.result());
      assertThat(found.clean()).isFalse();
      assertThat(found.parked()).isEmpty();
      assertThat(found.failing()).extracting(ParkedStream::version).containsExactly(3L);
      assertThat(found.failing().getFirst().error()).contains("not 13");
    }
  }

  @Test
  void aStreamThatWaitsInBothIsNamedAsParkedOnly() {
    try (var workers = parkedAtThirteen()) {
      VerificationRun run = VerificationRun.start(store(), new RowFormat<>(orders), "w", LONG);
      drive(run, workers);
      Verification found = Objects.requireNonNull(run.result());
      assertThat(found.clean()).isTrue();
      assertThat(found.parked()).hasSize(1);
      assertThat(found.failing()).isEmpty();
    }
  }

  @Test
  void theFailureOfARebuildNamesTheEventAndTheWaysOut() {
    try (var workers = parkedAtThirteen()) {
      assertThatThrownBy(() -> workers.rebuild(orders))
          .isInstanceOf(RebuildFailedException.class)
          .hasMessageStartingWith(
              "rebuild of projection 'orders' has failed, its rows are what they were: event 3 of")
          .hasMessageContaining("mend the code")
          .hasMessageContaining("store.parked(projection)")
          .hasMessageContaining("RebuildOptions.parkFailures()");
    }
  }

  @Test
  void theFailureOfAVersionsFirstRebuildSaysThatItHasNoRows() {
    try (var before = parkedAtThirteen()) {
      Orders second = orders(2);
      try (var workers = DeterministicWorkers.on(store()).add(second)) {
        assertThatThrownBy(workers::runUntilIdle)
            .isInstanceOf(RebuildFailedException.class)
            .hasMessageStartingWith(
                "rebuild of projection 'orders' has failed, there are no rows of version 2, ")
            .hasMessageContaining("it does not start again by itself: event 3 of order:o1");
      }
      runUntilIdle(before);
    }
  }

  /** Fails, in one of the two rows that an order's events change, with one of them. */
  private final class HalfBroken extends SalesByDay {
    @Override
    public List<Source<Sales>> sources() {
      return List.of(
          Source.keyed(
              Shop.ORDERS,
              recorded -> List.of("all", "bucket-3"),
              (key, row, recorded) -> {
                Sales before = row == null ? new Sales(0, 0, 0) : row;
                long cents = recorded.event() instanceof Paid(long paid) ? paid : 0;
                if (broken.get() && cents == 13 && key.equals("bucket-3")) {
                  throw new IllegalStateException("not 13");
                }
                return new Sales(0, before.cents() + cents, before.events() + 1);
              }));
    }
  }

  @Test
  void aRowThatHadTheFailingEventBeforeItFailedInAnotherKeepsItWhenItIsRecomputed()
      throws Exception {
    var sales = new HalfBroken();
    broken.set(false);
    append(events(), "o3", new Placed("x"));
    try (var workers = DeterministicWorkers.on(store()).add(sales)) {
      workers.runUntilIdle();
      applyInOneShardOnly(sales, append(events(), "o3", new Paid(13)));
      append(events(), "o3", new Paid(6));
      broken.set(true);
    }
    try (var workers = DeterministicWorkers.on(store()).add(sales)) {
      runUntilIdle(workers);
      assertThat(store().parked(sales).list()).hasSize(1);

      assertThat(recomputed(sales, "all")).as("the row has what it is to have by now").isEmpty();
      assertThat(recomputed(sales, "bucket-3")).as("it waits here").isEmpty();

      broken.set(false);
      store().parked(sales).retryAll();
      answered(sales, workers);
      assertThat(rows(store().readModel(sales))).isEqualTo(freshFold(events(), sales));
      assertThat(recomputed(sales, "all")).isEmpty();
      assertThat(recomputed(sales, "bucket-3")).isEmpty();
    }
  }

  @Test
  void aRowThatHadTheFailingEventIsRecomputedWithItWhereNothingFollowsYet() throws Exception {
    var sales = new HalfBroken();
    broken.set(false);
    append(events(), "o3", new Placed("x"));
    try (var workers = DeterministicWorkers.on(store()).add(sales)) {
      workers.runUntilIdle();
      applyInOneShardOnly(sales, append(events(), "o3", new Paid(13)));
      broken.set(true);
    }
    try (var workers = DeterministicWorkers.on(store()).add(sales)) {
      runUntilIdle(workers);

      assertThat(recomputed(sales, "all")).isEmpty();

      broken.set(false);
      store().parked(sales).retryAll();
      answered(sales, workers);
      assertThat(rows(store().readModel(sales))).isEqualTo(freshFold(events(), sales));
    }
  }

  private Optional<Verification.Row> recomputed(Projection<Sales> sales, String key) {
    return new Recomputation<>(store(), new RowFormat<>(sales), key, "r", LONG).run();
  }

  /** Does what an owner does that dies in the middle of a batch. */
  private void applyInOneShardOnly(Projection<Sales> sales, Position position) throws Exception {
    var format = new RowFormat<>(sales);
    Layout live = store().generations().look(sales.name(), 1).live().orElseThrow();
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
    var states = new StreamStates(events()::read);
    var found = events().fetch(entries, category -> true);
    var batch = Batch.of(format, shards, events(), states, found, position, Parking.NONE);
    int shard = RowFormat.shard("all", shards);
    assertThat(RowFormat.shard("bucket-3", shards)).as("another shard").isNotEqualTo(shard);
    var keys = Map.of(shard, batch.keys().getOrDefault(shard, List.of()));
    var read = store().views().read(live.generation(), partition, keys, List.of()).orElseThrow();
    var commit = batch.fold(shard, Objects.requireNonNull(read.get(shard))).orElseThrow();
    assertThat(store().views().commit(acquired.lease(), List.of(commit)))
        .containsEntry(shard, Views.Outcome.DONE);
    store().subscriptions().release(acquired.lease());
  }
}
