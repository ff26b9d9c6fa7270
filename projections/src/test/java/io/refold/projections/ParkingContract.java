package io.refold.projections;

import static io.refold.projections.Shop.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Append;
import io.refold.eventstore.EncodedEvent;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Metadata;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.projections.FaultyStore.Fate;
import io.refold.projections.PartitionOwner.Step;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.store.DroppedEvent;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Heads.Note;
import io.refold.projections.store.Lease;
import io.refold.projections.store.ParkedStream;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Subscriptions.Acquisition;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Failing events: they wait with what follows them, and land exactly once in the end. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class ParkingContract {
  private static final StreamId BAD = Shop.ORDERS.stream("route/bad");
  private static final StreamId GOOD = Shop.ORDERS.stream("route/good");

  private final Ledger ledger = new Ledger().refuse(13);

  @SuppressWarnings("NullAway.Init") // opened before each test
  private FaultyStore store;

  private int partition;

  /** Returns an empty store. */
  protected abstract ProjectionStore store();

  @BeforeEach
  void open() {
    store = new FaultyStore(store());
    partition = events().partitionOf(BAD);
  }

  private EventStore events() {
    return store.events();
  }

  private Layout live() {
    return store.generations().look(ledger.name(), 1).live().orElseThrow();
  }

  /** Returns an owner of the partition of both streams, with the lease. */
  private PartitionOwner owner(String name) {
    var format = new RowFormat<>(ledger);
    Layout layout =
        store.generations().open(format.name(), format.shape(store.shards())).orElseThrow();
    GenerationKeys.of(store, format, layout).create();
    var subscription = Subscription.of(store, format, layout, SharedEvents.alone(events()));
    var owner =
        new PartitionOwner(
            subscription, partition, name, Duration.ofMinutes(1), new Patience(2, () -> true));
    assertThat(owner.acquire()).isInstanceOf(Acquisition.Granted.class);
    return owner;
  }

  private static void untilIdle(PartitionOwner owner) {
    for (int i = 0; i < 1_000; i++) {
      Step step = owner.step();
      if (step == Step.RETAKE) {
        assertThat(owner.acquire()).isInstanceOf(Acquisition.Granted.class);
      } else if (step != Step.WORKED && step != Step.HALTED) {
        assertThat(step).isEqualTo(Step.IDLE);
        return;
      }
    }
    throw new AssertionError("never idle: " + owner.problem());
  }

  private Map<String, Ledger.Sum> rows() {
    return Shop.rows(store.readModel(ledger));
  }

  private void assertComplete(EventAddress... dropped) {
    assertThat(rows()).isEqualTo(Ledger.fold(events(), Set.of(dropped)));
    assertThat(store.parked(ledger).list()).isEmpty();
    for (int shard = 0; shard < store.shards(); shard++) {
      assertThat(store.views().head(live().generation(), shard, partition).orElseThrow().notes())
          .isEmpty();
    }
  }

  private ParkedStream parked() {
    assertThat(store.parked(ledger).list()).hasSize(1);
    return store.parked(ledger).list().getFirst();
  }

  private void placeGoodAndBad() {
    append(events(), BAD.id(), new Placed("x"), new Paid(1), new Paid(13), new Paid(2));
    append(events(), GOOD.id(), new Placed("y"), new Paid(4));
    append(events(), BAD.id(), new Paid(8));
  }

  @Test
  void aFailingEventWaitsWithWhatFollowsItInItsStreamAndNothingElseDoes() {
    placeGoodAndBad();
    PartitionOwner owner = owner("a");
    untilIdle(owner);
    assertThat(rows())
        .containsEntry(BAD.id(), new Ledger.Sum(1, 2))
        .containsEntry("all", new Ledger.Sum(5, 4))
        .containsEntry(GOOD.id(), new Ledger.Sum(4, 2));
    assertThat(parked().event()).isEqualTo(new EventAddress(BAD, 3));
    assertThat(parked().attempts()).isEqualTo(2);

    append(events(), BAD.id(), new Paid(16));
    append(events(), GOOD.id(), new Paid(32));
    untilIdle(owner);
    assertThat(rows()).containsEntry("all", new Ledger.Sum(37, 5));
    assertThat(store.status(ledger).lag()).isZero();
  }

  @Test
  void everyShardNotesHowFarItIsWithAParkedStream() {
    placeGoodAndBad();
    untilIdle(owner("a"));
    for (int shard = 0; shard < store.shards(); shard++) {
      var head = store.views().head(live().generation(), shard, partition).orElseThrow();
      assertThat(head.notes().get(BAD)).extracting(Note::version).isEqualTo(2L);
      assertThat(head.checkpoint()).isEqualTo(events().head(partition).position());
    }
  }

  @Test
  void whatACrashHasLeftBehindHoldsNothingUpAndCannotBeDropped() {
    placeGoodAndBad();
    PartitionOwner first = owner("a");
    untilIdle(first);
    ledger.mend();
    store.parked(ledger).retry(BAD);
    store.fates(call -> call.equals("unnote") ? Fate.REFUSED : Fate.FINE);
    assertThatThrownBy(() -> untilIdle(first)).isInstanceOf(StoreUnavailableException.class);

    first.release();
    PartitionOwner second = owner("b");
    store.fates(call -> call.startsWith("park") ? Fate.LOST : Fate.FINE);
    assertThatThrownBy(second::step).isInstanceOf(ReplyLostException.class);
    store.fates(call -> Fate.FINE);
    ParkedStream left = parked();
    assertThat(left.version()).isEqualTo(6); // and there are 5
    assertThatThrownBy(() -> store.parked(ledger).drop(left, "it fails"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is being retried");
    second.release();
    untilIdle(owner("c"));

    assertComplete();
    assertThat(store.parked(ledger).dropped()).isEmpty();
    append(events(), BAD.id(), new Paid(16));
    untilIdle(owner("c"));
    assertComplete();
  }

  @Test
  void aRetriedStreamLandsOnceAndFollowsOn() {
    placeGoodAndBad();
    PartitionOwner owner = owner("a");
    untilIdle(owner);
    append(events(), BAD.id(), new Paid(16));
    ledger.mend();
    store.parked(ledger).retry(BAD);
    untilIdle(owner);
    assertComplete();
    append(events(), BAD.id(), new Paid(32));
    untilIdle(owner);
    assertComplete();
  }

  @Test
  void aRetryThatFailsFurtherOnStaysParkedThere() {
    placeGoodAndBad();
    append(events(), BAD.id(), new Paid(26));
    PartitionOwner owner = owner("a");
    untilIdle(owner);
    ledger.mend();
    ledger.refuse(26);
    store.parked(ledger).retry(BAD);
    untilIdle(owner);
    assertThat(parked().event()).isEqualTo(new EventAddress(BAD, 6));
    assertThat(parked().error()).contains("event 6 of order:route/bad", "26 cents");
    assertThat(rows()).containsEntry(BAD.id(), new Ledger.Sum(24, 5));
    owner.release();
    ledger.mend();
    PartitionOwner next = owner("b");
    untilIdle(next);
    assertThat(parked().event()).as("nobody asked").isEqualTo(new EventAddress(BAD, 6));
    assertThat(store.parked(ledger).retryAll()).isOne();
    untilIdle(next);
    assertComplete();
  }

  @Test
  void aDroppedEventIsLeftOutAlsoByARebuildAndIsOnRecord() {
    placeGoodAndBad();
    PartitionOwner owner = owner("a");
    untilIdle(owner);
    assertThatThrownBy(() -> store.parked(ledger).drop(parked(), " "))
        .isInstanceOf(IllegalArgumentException.class);
    ParkedStream dropped = parked();
    store.parked(ledger).drop(dropped, "sent by mistake");
    untilIdle(owner);
    assertComplete(dropped.event());
    assertThatThrownBy(() -> store.parked(ledger).drop(dropped, "again"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("order:route/bad is not parked at version 3");
    owner.release();

    try (var workers = DeterministicWorkers.on(store).add(ledger)) {
      assertThat(workers.rebuild(ledger).state()).isEqualTo(RebuildProgress.State.DONE);
    }
    assertComplete(dropped.event());
    assertThat(store.parked(ledger).dropped())
        .extracting(DroppedEvent::event, DroppedEvent::reason)
        .containsExactly(org.assertj.core.groups.Tuple.tuple(dropped.event(), "sent by mistake"));
  }

  @Test
  void aFailingEventStopsARebuildAndLeavesTheRowsAlone() {
    placeGoodAndBad();
    PartitionOwner owner = owner("a");
    untilIdle(owner);
    owner.release();
    Map<String, Ledger.Sum> before = rows();
    try (var workers = DeterministicWorkers.on(store).add(ledger)) {
      assertThatThrownBy(() -> workers.rebuild(ledger))
          .isInstanceOf(RebuildFailedException.class)
          .hasMessageContaining("event 3 of order:route/bad");
    }
    assertThat(rows()).isEqualTo(before);
    assertThat(parked().event()).isEqualTo(new EventAddress(BAD, 3));
  }

  @Test
  void anOwnerMayDieAtAnyCallOfARetry() {
    var calls = new AtomicInteger();
    for (int dies = 1; dies <= 60; dies++) {
      open();
      ledger.refuse(13);
      placeGoodAndBad();
      PartitionOwner owner = owner("a");
      untilIdle(owner);
      append(events(), GOOD.id(), new Paid(64));
      ledger.mend();
      if (dies % 2 == 0) {
        store.parked(ledger).retry(BAD);
      } else {
        store.parked(ledger).drop(parked(), "at call " + dies);
      }
      int last = dies;
      calls.set(0);
      store.fates(call -> calls.incrementAndGet() == last ? Fate.LOST : Fate.FINE);
      boolean died = false;
      try {
        untilIdle(owner);
      } catch (ReplyLostException expected) {
        died = true;
      }
      store.fates(call -> Fate.FINE);
      PartitionOwner successor = owner("a");
      untilIdle(successor);
      untilIdle(successor);
      assertComplete(dies % 2 == 0 ? new EventAddress[0] : new EventAddress[] {badEvent()});
      if (!died) {
        assertThat(dies).as("calls of a retry").isGreaterThan(15);
        return;
      }
    }
  }

  @Test
  void aRetryLeavesAloneWhatIsStillToCome() {
    placeGoodAndBad();
    PartitionOwner owner = owner("a");
    untilIdle(owner);
    ledger.mend();
    store.parked(ledger).retry(BAD);
    append(events(), BAD.id(), new Paid(16));
    appendBroken();
    append(events(), BAD.id(), new Paid(32));
    untilIdle(owner);
    assertThat(parked().version()).as("the broken one").isEqualTo(7);
    owner.release();
    PartitionOwner successor = owner("b");
    untilIdle(successor);
    append(events(), BAD.id(), new Paid(64));
    untilIdle(successor);

    store.parked(ledger).drop(parked(), "cannot be read");
    untilIdle(successor);

    assertThat(rows()).containsEntry(BAD.id(), new Ledger.Sum(1 + 13 + 2 + 8 + 16 + 32 + 64, 8));
    assertThat(store.parked(ledger).list()).isEmpty();
  }

  private void appendBroken() {
    var broken = new EncodedEvent("paid", "{\"cents\":".getBytes(StandardCharsets.UTF_8));
    var write = new Append.StreamWrite(BAD, ExpectedVersion.any(), List.of(broken));
    Shop.position(events().append(new Append(List.of(write), "broken", Metadata.empty())));
  }

  @Test
  void whatWasAskedForWithoutAnAnswerMayBeAskedForAgain() {
    placeGoodAndBad();
    PartitionOwner owner = owner("a");
    untilIdle(owner);
    ParkedEvents failures = store.parked(ledger);
    ParkedStream bad = parked();
    store.fates(call -> call.equals("ask") ? Fate.LOST : Fate.FINE);
    assertThatThrownBy(() -> failures.drop(bad, "bad")).hasMessageContaining("lost on purpose");
    store.fates(call -> Fate.FINE);
    failures.drop(bad, "bad");
    untilIdle(owner);
    assertComplete(badEvent());

    assertThatThrownBy(() -> failures.drop(bad, "bad")).hasMessageContaining("is not parked");
    assertThat(failures.dropped()).extracting(DroppedEvent::event).containsExactly(badEvent());
  }

  private static EventAddress badEvent() {
    return new EventAddress(BAD, 3);
  }

  @Test
  void recordsThatWereLostAreRestoredFromTheRows() {
    placeGoodAndBad();
    PartitionOwner owner = owner("a");
    untilIdle(owner);
    store.parkedStreams().unpark(lease(owner), BAD);
    owner.release();
    PartitionOwner successor = owner("b");
    untilIdle(successor);
    assertThat(parked().event()).as("it still fails").isEqualTo(badEvent());
    assertThat(rows()).containsEntry("all", new Ledger.Sum(5, 4));

    append(events(), BAD.id(), new Paid(16));
    store.parkedStreams().unpark(lease(successor), BAD);
    successor.release();
    ledger.mend();
    untilIdle(owner("c"));
    assertComplete();
  }

  private static Lease lease(PartitionOwner owner) {
    return Objects.requireNonNull(owner.lease());
  }

  @Test
  void anEventIsRetriedInAShardOnlyAsFarAsThatHasPassedIt() throws EventFailure {
    placeGoodAndBad();
    PartitionOwner owner = owner("a");
    untilIdle(owner);
    append(events(), BAD.id(), new Paid(16));
    Map<String, Ledger.Sum> before = rows();
    StoredEvent ahead = events().read(BAD, 5, 1).getFirst();
    Target target = new RowFormat<>(ledger).target(store, live());
    var none = new Parking(Map.of(BAD, 3L), Set.of());
    assertThat(
            target.retry(lease(owner), ahead, none, events().read(BAD, 4, 1).getFirst().position()))
        .isEqualTo(Target.Retried.DONE);
    assertThat(rows()).isEqualTo(before);
  }

  @Test
  void anEventThatCannotBeReadIsParked() {
    append(events(), BAD.id(), new Placed("x"));
    appendBroken();
    append(events(), BAD.id(), new Paid(2));
    append(events(), GOOD.id(), new Paid(4));
    PartitionOwner owner = owner("a");
    untilIdle(owner);
    assertThat(parked().event()).isEqualTo(new EventAddress(BAD, 2));
    assertThat(parked().error()).contains("event 2 of order:route/bad");
    assertThat(rows()).containsEntry("all", new Ledger.Sum(4, 2));
    store.parked(ledger).drop(parked(), "cannot be read");
    untilIdle(owner);
    assertThat(rows()).containsEntry("all", new Ledger.Sum(6, 3));
  }

  @Test
  void aStoreThatIsAwayIsNoFailureOfAnEvent() {
    ledger.mend();
    placeGoodAndBad();
    var away = new StoreUnavailableException("the keys' server is away", null);
    PartitionOwner owner = owner("a");
    for (RuntimeException thrown : List.of(away, new CompletionException(away))) {
      ledger.refuse(recorded -> {
        throw thrown;
      });
      for (int i = 0; i < 3; i++) {
        assertThatThrownBy(() -> untilIdle(owner)).isInstanceOf(StoreUnavailableException.class);
      }
    }
    assertThat(store.parked(ledger).list()).isEmpty();
    ledger.mend();
    untilIdle(owner);
    assertComplete();
  }

  @Test
  void aParkedStreamMayBeDeleted() {
    placeGoodAndBad();
    PartitionOwner owner = owner("a");
    untilIdle(owner);
    Shop.position(events().delete(BAD, ExpectedVersion.any()));
    store.parked(ledger).retry(BAD);
    untilIdle(owner);
    assertThat(store.parked(ledger).list()).isEmpty();
    untilIdle(owner);
    assertThat(rows()).containsEntry("all", new Ledger.Sum(5, 4));
  }
}
