package io.refold.projections.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.projections.Await;
import io.refold.projections.ProjectionStore;
import io.refold.projections.Shop;
import io.refold.projections.store.Subscriptions.Acquisition;
import io.refold.projections.store.Subscriptions.Arrival;
import io.refold.projections.store.Subscriptions.Outcome;
import io.refold.projections.store.Subscriptions.Outlook;
import io.refold.projections.store.Subscriptions.Reading;
import io.refold.projections.store.Subscriptions.Settlement;
import io.refold.projections.store.Subscriptions.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What leases and places in the log do, verb by verb. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class SubscriptionsContract {
  private static final AtomicInteger NUMBERS = new AtomicInteger();
  private static final Duration LONG = Duration.ofMinutes(1);

  private final Generation generation = new Generation("subscriptions", NUMBERS.addAndGet(2));
  private final Generation fresh = new Generation("subscriptions", generation.number() + 1);
  private final List<Position> log = new ArrayList<>();
  private int partition;

  @SuppressWarnings("NullAway.Init") // taken before each test
  private Lease lease;

  /** Returns a store; it may hold other tests' subscriptions and events. */
  protected abstract ProjectionStore store();

  private Subscriptions subscriptions() {
    return store().subscriptions();
  }

  @BeforeEach
  void subscribe() {
    String order = UUID.randomUUID().toString();
    for (int i = 1; i <= 5; i++) {
      Shop.append(store().events(), order, new Shop.Placed("p"), new Shop.Paid(i));
    }
    partition = Shop.ORDERS.stream(order).partition(store().events().partitions());
    store().events().readLog(partition, 0, 1_000).forEach(entry -> log.add(entry.position()));
    subscriptions().create(partition, generation);
    lease = acquired("me", LONG);
  }

  private Lease acquired(String owner, Duration length) {
    Acquisition acquisition = subscriptions().acquire(generation, partition, owner, length, 0);
    if (acquisition instanceof Acquisition.Granted(Lease granted)) {
      return granted;
    }
    throw new AssertionError(acquisition);
  }

  private Position origin() {
    return Position.origin(partition);
  }

  private static List<Position> positions(Reading reading) {
    return reading instanceof Reading.Entries(List<LogEntry> entries, boolean end)
        ? entries.stream().map(LogEntry::position).toList()
        : List.of();
  }

  private Lease stale() {
    return new Lease(generation, partition, "me", lease.epoch() - 1);
  }

  private void handedOver(Position at) {
    assertThat(subscriptions().handOver(lease, at)).isEqualTo(Outcome.DONE);
  }

  private State state() {
    return subscriptions().state(lease).orElseThrow();
  }

  // ---- leases

  @Test
  void aLeaseThatIsHeldIsNotGivenAway() {
    assertThat(subscriptions().acquire(generation, partition, "other", LONG, 0))
        .isEqualTo(new Acquisition.Held("me"));
    assertThat(acquired("me", LONG).epoch()).as("taken anew").isGreaterThan(lease.epoch());
  }

  @Test
  void anExpiredLeaseIsTakenWithAHigherEpochAndTheOldOneIsWorthNothing() {
    Lease brief = acquired("me", Duration.ofMillis(20));
    var next = new ArrayList<Lease>();
    Await.until(
        "the lease expires",
        () -> {
          if (subscriptions().acquire(generation, partition, "other", LONG, 0)
              instanceof Acquisition.Granted(Lease granted)) {
            next.add(granted);
          }
          return !next.isEmpty();
        });
    assertThat(next.getFirst().epoch()).isGreaterThan(brief.epoch());
    assertThat(subscriptions().state(brief)).isEmpty();
    assertThat(subscriptions().renew(partition, List.of(brief), LONG)).isEmpty();
    assertThat(subscriptions().range(brief, origin(), 10)).isEqualTo(new Reading.NotOwner());
    assertThat(subscriptions().handOver(brief, origin())).isEqualTo(Outcome.NOT_OWNER);
    assertThat(subscriptions().report(brief, "x", 0)).isEqualTo(Outcome.NOT_OWNER);
  }

  @Test
  void aLeaseThatExpiresFurtherAheadThanOneLengthCountsAsExpired() {
    assertThat(subscriptions().acquire(generation, partition, "other", Duration.ofSeconds(1), 0))
        .isInstanceOf(Acquisition.Granted.class);
  }

  @Test
  void renewingExtendsOnlyLeasesThatAreHeld() {
    subscriptions().create(partition, fresh);
    Lease brief = acquired("me", Duration.ofMillis(300));
    assertThat(subscriptions().renew(partition, List.of(stale(), brief), LONG))
        .containsExactly(brief);
    assertThat(subscriptions().acquire(generation, partition, "other", LONG, 0))
        .isEqualTo(new Acquisition.Held("me"));
    assertThat(subscriptions().renew(partition, List.of(), LONG)).isEmpty();
  }

  @Test
  void aLeaseThatIsGivenBackIsFreeAndItsEpochIsUsedUp() {
    subscriptions().release(stale());
    assertThat(subscriptions().state(lease)).as("a stale one changes nothing").isPresent();
    subscriptions().release(lease);
    assertThat(subscriptions().state(lease)).isEmpty();
    assertThat(acquired("other", LONG).epoch()).isGreaterThan(lease.epoch());
  }

  @Test
  void anEpochCanBeAskedToBeHigher() {
    long high = lease.epoch() + 1_000_000_000_000L;
    assertThat(subscriptions().acquire(generation, partition, "me", LONG, high))
        .isEqualTo(new Acquisition.Granted(new Lease(generation, partition, "me", high)));
    assertThat(acquired("me", LONG).epoch()).as("it never falls").isEqualTo(high + 1);
  }

  @Test
  void aGenerationWithoutKeysCannotBeAcquired() {
    assertThat(subscriptions().acquire(fresh, partition, "me", LONG, 0))
        .isEqualTo(new Acquisition.Gone());
    assertThat(subscriptions().outlook(partition, fresh)).isEmpty();
    assertThat(subscriptions().arrival(fresh, log.getFirst())).isEqualTo(Arrival.GONE);
  }

  // ---- reading

  @Test
  void historyIsReadBehindAPositionWithoutMarkingAnything() {
    assertThat(positions(subscriptions().range(lease, origin(), 2))).isEqualTo(log.subList(0, 2));
    assertThat(positions(subscriptions().range(lease, log.get(1), 1_000)))
        .isEqualTo(log.subList(2, log.size()));
    assertThat(positions(subscriptions().range(lease, log.getLast(), 10))).isEmpty();
    assertThat(subscriptions().range(stale(), origin(), 2)).isEqualTo(new Reading.NotOwner());
  }

  @Test
  void nothingIsReadWhereTheLogDoesNotHoldWhatWasReadLast() {
    handedOver(origin());
    for (Position wrong : List.of(otherTime(log.get(1)), beyond())) {
      assertThat(subscriptions().range(lease, wrong, 2)).isEqualTo(new Reading.Lost());
      assertThat(subscriptions().next(lease, wrong, 2)).isEqualTo(new Reading.Lost());
      assertThat(subscriptions().pending(lease, wrong, 2)).isEqualTo(new Reading.Lost());
    }
    assertThat(positions(subscriptions().next(lease, origin(), 1)))
        .as("nothing was delivered")
        .containsExactly(log.getFirst());
  }

  private static Position otherTime(Position position) {
    return new Position(position.partition(), position.sequence(), position.micros() + 1);
  }

  private Position beyond() {
    return new Position(partition, log.getLast().sequence() + 10, 5);
  }

  @Test
  void newEntriesAreDeliveredOnceAndWaitForTheirAcknowledgement() {
    handedOver(log.get(0));
    List<Position> first = positions(subscriptions().next(lease, log.get(0), 2));
    assertThat(first).isEqualTo(log.subList(1, 3));
    assertThat(positions(subscriptions().next(lease, log.get(2), 1))).containsExactly(log.get(3));
    assertThat(positions(subscriptions().pending(lease, log.get(0), 10)))
        .isEqualTo(log.subList(1, 4));
    assertThat(positions(subscriptions().pending(lease, log.get(0), 1)))
        .containsExactly(log.get(1));

    settle(lease, log.get(2), 6, first, Map.of());
    assertThat(positions(subscriptions().pending(lease, log.get(2), 10)))
        .containsExactly(log.get(3));
    assertThat(subscriptions().next(stale(), log.get(3), 1)).isEqualTo(new Reading.NotOwner());
    assertThat(subscriptions().pending(stale(), log.get(3), 1)).isEqualTo(new Reading.NotOwner());
  }

  @Test
  void aSuccessorFindsWhatItsPredecessorDidNotAcknowledge() {
    handedOver(log.get(0));
    subscriptions().next(lease, log.get(0), 2);
    subscriptions().release(lease);
    Lease successor = acquired("other", LONG);
    assertThat(positions(subscriptions().pending(successor, log.get(0), 10)))
        .isEqualTo(log.subList(1, 3));
    assertThat(positions(subscriptions().next(successor, log.get(2), 1)))
        .containsExactly(log.get(3));
  }

  // ---- settling

  private Outcome settle(
      Lease by, Position last, long events, List<Position> acked, Map<Integer, Position> shards) {
    return subscriptions().settle(by, new Settlement(last, events, events / 2, acked, shards));
  }

  @Test
  void settlingMovesForwardAndNeverBack() {
    assertThat(state()).isEqualTo(new State(origin(), 0, 0, false, Map.of(), ""));
    assertThat(settle(lease, log.get(2), 6, List.of(), Map.of(1, log.get(2))))
        .isEqualTo(Outcome.DONE);
    assertThat(settle(lease, log.get(1), 4, List.of(), Map.of(2, log.get(1))))
        .isEqualTo(Outcome.DONE);
    assertThat(state())
        .isEqualTo(new State(log.get(2), 6, 3, false, Map.of(1, log.get(2), 2, log.get(1)), ""));
  }

  @Test
  void settlingIsRefusedWithoutTheLeaseOrTheEntry() {
    assertThat(settle(stale(), log.get(2), 6, List.of(), Map.of())).isEqualTo(Outcome.NOT_OWNER);
    assertThat(settle(lease, otherTime(log.get(2)), 6, List.of(), Map.of()))
        .isEqualTo(Outcome.LOST);
    assertThat(state().settled()).isEqualTo(origin());
  }

  @Test
  void theHandOverStartsTheGroupExactlyBehindWhatWasRead() {
    assertThat(subscriptions().handOver(stale(), log.get(1))).isEqualTo(Outcome.NOT_OWNER);
    assertThat(subscriptions().handOver(lease, otherTime(log.get(1)))).isEqualTo(Outcome.LOST);
    assertThat(state().grouped()).isFalse();
    handedOver(log.get(1));
    assertThat(state().grouped()).isTrue();
    assertThat(state().settled()).isEqualTo(log.get(1));
    handedOver(log.get(0));
    assertThat(positions(subscriptions().next(lease, log.get(1), 1_000)))
        .as("a repeat does not move the group")
        .isEqualTo(log.subList(2, log.size()));
  }

  @Test
  void aProblemIsRecordedUntilItIsTakenBack() {
    assertThat(subscriptions().report(lease, "halted: ü", 0)).isEqualTo(Outcome.DONE);
    assertThat(state().problem()).isEqualTo("halted: ü");
    assertThat(subscriptions().outlook(partition, generation).orElseThrow().state().problem())
        .isEqualTo("halted: ü");
    subscriptions().report(lease, "", 0);
    assertThat(state().problem()).isEmpty();
  }

  // ---- looking

  @Test
  void positionsThatTheLogDoesNotHoldAreNamed() {
    assertThat(subscriptions().missing(partition, log)).isEmpty();
    assertThat(
            subscriptions()
                .missing(partition, List.of(log.get(1), otherTime(log.get(2)), origin(), beyond())))
        .containsExactlyInAnyOrder(otherTime(log.get(2)), beyond());
  }

  @Test
  void aPositionArrivesWhenItIsSettledAndStillInTheLog() {
    assertThat(subscriptions().arrival(generation, log.get(2))).isEqualTo(Arrival.PENDING);
    settle(lease, log.get(2), 6, List.of(), Map.of());
    assertThat(subscriptions().arrival(generation, log.get(2))).isEqualTo(Arrival.APPLIED);
    assertThat(subscriptions().arrival(generation, log.get(1))).isEqualTo(Arrival.APPLIED);
    assertThat(subscriptions().arrival(generation, log.get(3))).isEqualTo(Arrival.PENDING);
    assertThat(subscriptions().arrival(generation, otherTime(log.get(2)))).isEqualTo(Arrival.LOST);
    assertThat(subscriptions().arrival(generation, beyond())).isEqualTo(Arrival.LOST);
  }

  @Test
  void anOnlookerSeesOwnerProgressAndTheEndOfTheLog() {
    settle(lease, log.get(1), 4, List.of(), Map.of(0, log.get(1)));
    Outlook outlook = subscriptions().outlook(partition, generation).orElseThrow();
    assertThat(outlook.owner()).isEqualTo("me");
    assertThat(outlook.fenced()).isFalse();
    assertThat(outlook.state()).isEqualTo(state());
    assertThat(outlook.head()).isEqualTo(log.getLast());
    assertThat(outlook.headEvents()).isEqualTo(store().events().head(partition).events());
    subscriptions().release(lease);
    assertThat(subscriptions().outlook(partition, generation).orElseThrow().owner()).isEmpty();
  }

  // ---- generations

  @Test
  void creatingKeepsWhatIsThereAndDeletingRemovesAll() {
    settle(lease, log.get(2), 6, List.of(), Map.of());
    handedOver(log.get(2));
    subscriptions().create(partition, generation);
    assertThat(state().settled()).isEqualTo(log.get(2));
    subscriptions().delete(partition, generation);
    assertThat(subscriptions().outlook(partition, generation)).isEmpty();
    subscriptions().create(partition, generation);
    lease = acquired("me", LONG);
    assertThat(state()).isEqualTo(new State(origin(), 0, 0, false, Map.of(), ""));
    handedOver(origin());
    assertThat(positions(subscriptions().next(lease, origin(), 1)))
        .as("the old group is gone")
        .containsExactly(log.getFirst());
  }

  @Test
  void aFenceNeedsBothGenerationsAndTakesTheLeaseForGood() {
    assertThat(subscriptions().fence(partition, generation, fresh)).isEmpty();
    assertThat(subscriptions().fence(partition, fresh, generation)).isEmpty();
    subscriptions().create(partition, fresh);
    settle(lease, log.get(1), 4, List.of(), Map.of());

    var fence = subscriptions().fence(partition, generation, fresh).orElseThrow();
    assertThat(fence.settled()).isEqualTo(log.get(1));
    assertThat(fence.lease().epoch()).isGreaterThan(lease.epoch());
    assertThat(subscriptions().state(lease)).isEmpty();
    assertThat(settle(lease, log.get(2), 6, List.of(), Map.of())).isEqualTo(Outcome.NOT_OWNER);
    assertThat(subscriptions().renew(partition, List.of(lease), LONG)).isEmpty();
    assertThat(subscriptions().acquire(generation, partition, "me", LONG, 0))
        .isEqualTo(new Acquisition.Fenced());
    assertThat(subscriptions().outlook(partition, generation).orElseThrow().fenced()).isTrue();
    assertThat(subscriptions().fence(partition, generation, fresh).orElseThrow().lease().epoch())
        .as("again")
        .isGreaterThanOrEqualTo(fence.lease().epoch());
  }

  @Test
  void cancellingRemovesTheFreshGenerationAndLiftsTheFence() {
    subscriptions().create(partition, fresh);
    subscriptions().fence(partition, generation, fresh);
    subscriptions().cancel(partition, fresh, generation);
    assertThat(subscriptions().outlook(partition, fresh)).isEmpty();
    assertThat(acquired("other", LONG).epoch()).isGreaterThan(lease.epoch());
    subscriptions().cancel(partition, fresh, generation);
    assertThat(subscriptions().acquire(generation, partition, "me", LONG, 0))
        .as("a lease that is not fenced is left alone")
        .isEqualTo(new Acquisition.Held("other"));
  }

  @Test
  void aLateCancelOfAnEarlierRebuildLeavesTheFenceOfALaterOne() {
    var later = new Generation(fresh.projection(), fresh.number() + 1);
    subscriptions().create(partition, later);
    subscriptions().fence(partition, generation, later);

    subscriptions().cancel(partition, fresh, generation);

    assertThat(subscriptions().acquire(generation, partition, "me", LONG, 0))
        .isEqualTo(new Acquisition.Fenced());
  }

  @Test
  void aGenerationWithABoundIsReadUpToItAndNoFurther() {
    subscriptions().bound(fresh, log.getLast());
    assertThat(subscriptions().outlook(partition, fresh))
        .as("a bound makes no generation")
        .isEmpty();
    subscriptions().bound(generation, origin());
    assertThat(subscriptions().range(lease, origin(), 100)).isEqualTo(new Reading.Bounded());
    subscriptions().bound(generation, log.get(1));
    assertThat(positions(subscriptions().range(lease, origin(), 100))).isEqualTo(log.subList(0, 2));
    assertThat(positions(subscriptions().range(lease, log.getFirst(), 100)))
        .containsExactly(log.get(1));
    assertThat(subscriptions().range(lease, log.get(1), 100)).isEqualTo(new Reading.Bounded());
    subscriptions().bound(generation, log.get(2));
    assertThat(positions(subscriptions().range(lease, log.get(1), 100)))
        .containsExactly(log.get(2));
  }

  @Test
  void aPartitionThatHasLostItsHistoryIsNobodys() {
    subscriptions().report(lease, "lost: on purpose", 0);
    subscriptions().release(lease);

    assertThat(subscriptions().acquire(generation, partition, "me", LONG, 0))
        .isEqualTo(new Acquisition.Held(""));
  }
}
