package io.refold.projections;

import static io.refold.projections.Shop.append;
import static io.refold.projections.Shop.freshFold;
import static io.refold.projections.Shop.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.FaultyStore.Fate;
import io.refold.projections.PartitionOwner.Step;
import io.refold.projections.Shop.OrderEvent;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Shop.Sales;
import io.refold.projections.Shop.SalesByDay;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Heads;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Subscriptions;
import io.refold.projections.store.Subscriptions.Acquisition;
import io.refold.projections.store.Views;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One owner of one partition, step by step, with rivals and accidents in between. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class PartitionOwnerContract {
  private static final Duration LEASE = Duration.ofMinutes(1);
  private static final String ID = "one";

  private final Orders orders = new Orders();
  private final SalesByDay sales = new SalesByDay();

  @SuppressWarnings("NullAway.Init") // opened before each test
  private ProjectionStore store;

  private int partition;
  private int attempts = 3;
  private boolean parks = true;

  /** Returns an empty store. */
  protected abstract ProjectionStore store();

  /** Loses the rows of a shard, as a failover of its server to an empty replica would. */
  protected abstract void loseShard(ProjectionStore store, Layout layout, int shard);

  @BeforeEach
  void open() {
    store = store();
    partition = Shop.ORDERS.stream(ID).partition(events().partitions());
  }

  private EventStore events() {
    return store.events();
  }

  private PartitionOwner owner(Projection<?> projection, String name) {
    Subscriber format = new RowFormat<>(projection);
    Layout layout =
        store.generations().open(format.name(), format.shape(store.shards())).orElseThrow();
    GenerationKeys.of(store, format, layout).create();
    var owner =
        new PartitionOwner(
            projector(format, layout), partition, name, LEASE, new Patience(attempts, () -> parks));
    assertThat(owner.acquire()).isInstanceOf(Acquisition.Granted.class);
    return owner;
  }

  private Subscription projector(Subscriber format, Layout layout) {
    return Subscription.of(store, format, layout, SharedEvents.alone(events()));
  }

  private static Step untilIdle(PartitionOwner owner) {
    Step step = owner.step();
    for (int i = 0; step == Step.WORKED && i < 1_000; i++) {
      step = owner.step();
    }
    return step;
  }

  private static Lease lease(PartitionOwner owner) {
    return Objects.requireNonNull(owner.lease());
  }

  private void assertEqualToFreshFold(Projection<?>... projections) {
    for (Projection<?> projection : projections) {
      assertThat(rows(store.readModel(projection))).isEqualTo(freshFold(events(), projection));
    }
  }

  private void pay(int times) {
    for (int i = 0; i < times; i++) {
      append(events(), ID, new Paid(1));
    }
  }

  /** Gives the lease back in the owner's name, so that it believes it still has it. */
  private void takeAway(PartitionOwner owner) {
    store.subscriptions().release(lease(owner));
  }

  @Test
  void anOwnerGoesThroughHistoryAndThenOn() {
    append(events(), ID, new Placed("x"));
    PartitionOwner owner = owner(orders, "a");
    assertThat(owner.state()).isEqualTo(PartitionState.TAKING_OVER);
    assertThat(owner.step()).isEqualTo(Step.WORKED);
    assertThat(owner.state()).isEqualTo(PartitionState.FILLING);
    assertThat(untilIdle(owner)).isEqualTo(Step.IDLE);
    assertThat(owner.state()).isEqualTo(PartitionState.RUNNING);
    pay(3);
    untilIdle(owner);
    assertEqualToFreshFold(orders);
    owner.release();
    assertThat(owner.step()).isEqualTo(Step.OVER);
  }

  @Test
  void anOwnerThatWasReplacedWritesNothingAnyMore() {
    append(events(), ID, new Placed("x"));
    for (int steps = 1; steps <= 6; steps++) {
      PartitionOwner stale = owner(sales, "stale" + steps);
      for (int i = 0; i < steps; i++) {
        stale.step();
      }
      takeAway(stale);
      PartitionOwner successor = owner(sales, "successor" + steps);
      pay(2);
      assertThat(untilIdle(successor)).isEqualTo(Step.IDLE);
      Map<String, Sales> before = rows(store.readModel(sales));
      pay(1);
      untilIdle(stale);
      assertThat(stale.lease()).as("it notices").isNull();
      assertThat(rows(store.readModel(sales))).isEqualTo(before);
      untilIdle(successor);
      assertEqualToFreshFold(sales);
      successor.release();
    }
  }

  @Test
  void aRivalWhoseEpochStandsInAShardIsOutbid() {
    append(events(), ID, new Placed("x"));
    PartitionOwner owner = owner(orders, "a");
    Lease held = lease(owner);
    var high = new Lease(held.generation(), partition, "rival", held.epoch() + 1_000_000_000L);
    assertThat(store.views().fence(2, high)).isEqualTo(new Heads.Fencing.Done());
    assertThat(owner.step()).isEqualTo(Step.RETAKE);
    assertThat(owner.acquire()).isInstanceOf(Acquisition.Granted.class);
    assertThat(lease(owner).epoch()).isGreaterThan(high.epoch());
    assertThat(untilIdle(owner)).isEqualTo(Step.IDLE);
    assertEqualToFreshFold(orders);
  }

  @Test
  void whatWasReadAndNotSettledIsReadAgainAndCountsOnce() {
    append(events(), ID, new Placed("x"));
    PartitionOwner first = owner(sales, "first");
    untilIdle(first);
    pay(3);
    Lease held = lease(first);
    var read = store.subscriptions().next(held, head(), 2);
    assertThat(read).isInstanceOf(Subscriptions.Reading.Entries.class);
    first.release();
    PartitionOwner second = owner(sales, "second");
    untilIdle(second);
    assertEqualToFreshFold(sales);
    assertThat(store.readModel(sales).find("all")).contains(new Sales(1, 3, 4));
  }

  private Position head() {
    return events().readLog(partition, 0, 1).getFirst().position();
  }

  @Test
  void aBatchThatIsInTheRowsAndWasNotSettledIsNotAppliedTwice() {
    append(events(), ID, new Placed("x"));
    pay(4);
    PartitionOwner first = owner(sales, "first");
    first.step();
    Subscription projector = projector(new RowFormat<>(sales), layout(sales));
    var entries = events().readLog(partition, 0, 3);
    assertThat(apply(projector, lease(first), entries)).isInstanceOf(Target.Result.Applied.class);
    assertThat(apply(projector, lease(first), entries))
        .as("the same again")
        .isInstanceOf(Target.Result.Applied.class);
    first.release();
    PartitionOwner second = owner(sales, "second");
    untilIdle(second);
    assertEqualToFreshFold(sales);
  }

  private static Target.Result apply(Subscription projector, Lease lease, List<LogEntry> entries) {
    try {
      return projector.apply(lease, entries, Parking.NONE, Map.of());
    } catch (EventFailure failure) {
      throw new AssertionError(failure);
    }
  }

  private Layout layout(Projection<?> projection) {
    return store.generations().look(projection.name(), 1).live().orElseThrow();
  }

  @Test
  void aShardThatHasLostItsRowsIsRefilledBeforeAnythingElse() {
    append(events(), ID, new Placed("x"));
    pay(700);
    PartitionOwner first = owner(sales, "first");
    untilIdle(first);
    first.release();
    for (int shard = 0; shard < store.shards(); shard++) {
      loseShard(store, layout(sales), shard);
      pay(2);
      PartitionOwner next = owner(sales, "next" + shard);
      assertThat(untilIdle(next)).isEqualTo(Step.IDLE);
      assertEqualToFreshFold(sales);
      next.release();
    }
  }

  @Test
  void aShardThatLosesItsRowsUnderAWorkingOwnerIsNoticed() {
    append(events(), ID, new Placed("x"));
    pay(5);
    PartitionOwner owner = owner(sales, "a");
    untilIdle(owner);
    int shard = RowFormat.shard("all", store.shards());
    loseShard(store, layout(sales), shard);
    GenerationKeys.of(store, new RowFormat<>(sales), layout(sales)).create();
    assertThat(store.views().fence(shard, lease(owner))).isEqualTo(new Heads.Fencing.Done());
    pay(1);
    assertThat(untilIdle(owner)).isEqualTo(Step.RETAKE);
    assertThat(owner.acquire()).isInstanceOf(Acquisition.Granted.class);
    assertThat(untilIdle(owner)).isEqualTo(Step.IDLE);
    assertEqualToFreshFold(sales);
  }

  @Test
  void aShardThatHasAppliedWhatTheLogHasLostStopsTheProjection() {
    append(events(), ID, new Placed("x"));
    PartitionOwner first = owner(sales, "first");
    untilIdle(first);
    var lost = new Position(partition, head().sequence() + 1, head().micros() + 1);
    int shard = RowFormat.shard("all", store.shards());
    assertThat(
            store
                .views()
                .commit(
                    lease(first), List.of(Views.Commit.passing(shard, head(), lost, List.of()))))
        .containsEntry(shard, Views.Outcome.DONE);
    first.release();
    pay(1);
    PartitionOwner second = owner(sales, "second");
    assertThat(untilIdle(second)).isEqualTo(Step.OVER);
    assertThat(second.state()).isEqualTo(PartitionState.LOST_HISTORY);
    assertThat(second.problem()).contains("does not hold [" + lost + "]");
  }

  @Test
  void aPartitionThatHasRecoveredSaysSoAlsoWithoutNewEvents() {
    append(events(), ID, new Placed("x"));
    PartitionOwner owner = owner(orders, "a");
    untilIdle(owner);
    owner.failed(new IllegalStateException("a hiccup"));
    assertThat(store.status(orders).partitions().get(partition).error()).isPresent();
    assertThat(untilIdle(owner)).isEqualTo(Step.IDLE);
    assertThat(owner.state()).isEqualTo(PartitionState.RUNNING);
    assertThat(store.status(orders).partitions().get(partition).error()).isEmpty();
  }

  @Test
  void aFailingEventThatMustNotBeParkedLeavesNoTraceAndIsTriedAgain() {
    attempts = 1;
    parks = false;
    boolean[] broken = {true};
    var picky =
        new Orders(
            1,
            recorded -> {
              if (broken[0] && recorded.event() instanceof Paid(long cents) && cents == 13) {
                throw new IllegalStateException("13");
              }
            });
    OrderEvent bad = new Paid(13);
    append(events(), ID, new Placed("x"), new Paid(1));
    append(events(), ID, new Paid(1), bad);
    append(events(), ID, new Paid(1));
    PartitionOwner owner = owner(picky, "a");
    for (int attempt = 0; attempt < 3; attempt++) {
      assertThat(untilIdle(owner)).isEqualTo(Step.HALTED);
      assertThat(owner.state()).isEqualTo(PartitionState.HALTED);
      assertThat(owner.problem()).contains("event 4 of order:one", "13");
      assertThat(store.readModel(picky).find(ID)).contains(new Shop.Order("x", 1, 2, null));
    }
    owner.release();
    PartitionOwner successor = owner(picky, "b");
    assertThat(untilIdle(successor)).isEqualTo(Step.HALTED);
    assertThat(store.status(picky).partitions().get(partition).state())
        .isEqualTo(PartitionState.HALTED);
    broken[0] = false;
    assertThat(untilIdle(successor)).isEqualTo(Step.IDLE);
    assertThat(store.status(picky).partitions().get(partition).error()).isEmpty();
    assertEqualToFreshFold(picky);
  }

  @Test
  void aReportThatWasLostIsMadeAgain() {
    append(events(), ID, new Placed("x"));
    var faulty = new FaultyStore(store);
    store = faulty;
    PartitionOwner owner = owner(orders, "a");
    faulty.fates(call -> call.equals("report") ? Fate.REFUSED : Fate.FINE);
    var unexpected = new IllegalStateException("nobody knows why");
    assertThatThrownBy(() -> owner.failed(unexpected))
        .isInstanceOf(StoreUnavailableException.class);
    faulty.fates(call -> Fate.FINE);
    assertThat(owner.failed(unexpected)).isEqualTo(Step.HALTED);
    assertThat(store.status(orders).partitions().get(partition).error().orElse(""))
        .contains("nobody knows why");
  }

  @Test
  void whyAnOwnerWaitsIsRecordedOnceAndNotAskedForWhileItsStoreIsAway() {
    append(events(), ID, new Placed("x"));
    var faulty = new FaultyStore(store);
    store = faulty;
    PartitionOwner owner = owner(orders, "a");
    var reports = new AtomicInteger();
    faulty.fates(call -> {
      boolean report = call.equals("report");
      return report && reports.incrementAndGet() == 1 ? Fate.REFUSED : Fate.FINE;
    });
    owner.waiting("a database is away");
    owner.waiting("a database is away");
    assertThat(reports).as("its own store is away, too").hasValue(1);
    for (int i = 0; i < 3; i++) {
      assertThat(owner.acquire()).isInstanceOf(Acquisition.Granted.class);
      owner.waiting("a database is away");
    }
    assertThat(reports).hasValue(2);
    var waiting = store.status(orders).partitions().get(partition);
    assertThat(waiting.state()).isEqualTo(PartitionState.WAITING);
    assertThat(waiting.error()).contains("a database is away");

    owner.acquire();
    untilIdle(owner);
    assertThat(store.status(orders).partitions().get(partition).state())
        .isEqualTo(PartitionState.RUNNING);
    assertThat(store.status(orders).partitions().get(partition).error()).isEmpty();
  }
}
