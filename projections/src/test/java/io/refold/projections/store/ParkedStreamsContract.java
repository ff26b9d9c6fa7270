package io.refold.projections.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.StreamId;
import io.refold.projections.ProjectionStore;
import io.refold.projections.Shop;
import io.refold.projections.store.ParkedStreams.Request;
import io.refold.projections.store.Subscriptions.Acquisition;
import io.refold.projections.store.Subscriptions.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What records of parked streams and dropped events do, verb by verb. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class ParkedStreamsContract {
  private static final AtomicInteger NUMBERS = new AtomicInteger();
  private static final int PARTITION = 2;
  private static final StreamId ONE = Shop.ORDERS.stream("one two/ü");
  private static final StreamId OTHER = Shop.ORDERS.stream("other");

  private final Generation generation = new Generation("parked", NUMBERS.addAndGet(2));
  private final Generation fresh = new Generation("parked", generation.number() + 1);

  @SuppressWarnings("NullAway.Init") // taken before each test
  private Lease lease;

  /** Returns a store; it may hold other tests' generations. */
  protected abstract ProjectionStore store();

  private ParkedStreams parked() {
    return store().parkedStreams();
  }

  @BeforeEach
  void subscribe() {
    store().subscriptions().create(PARTITION, generation);
    lease = acquired("me");
  }

  private Lease acquired(String owner) {
    return ((Acquisition.Granted)
            store().subscriptions().acquire(generation, PARTITION, owner, Duration.ofMinutes(1), 0))
        .lease();
  }

  private Parking load() {
    return parked().load(lease).orElseThrow();
  }

  private List<ParkedStream> list() {
    return parked().parked(PARTITION, generation);
  }

  @Test
  void aParkedStreamIsOnRecordWithItsErrorAndAttempts() {
    assertThat(load()).isEqualTo(Parking.NONE);
    assertThat(parked().park(lease, ONE, 3, "no\nluck {}", 5)).isEqualTo(Outcome.DONE);
    assertThat(load()).isEqualTo(new Parking(Map.of(ONE, 3L), Set.of()));
    ParkedStream first = list().getFirst();
    assertThat(first).isEqualTo(new ParkedStream(ONE, 3, "no\nluck {}", 5, first.since()));

    assertThat(parked().park(lease, ONE, 7, "", 1)).isEqualTo(Outcome.DONE);
    assertThat(list()).containsExactly(new ParkedStream(ONE, 7, "no\nluck {}", 6, first.since()));

    assertThat(parked().unpark(lease, ONE)).isEqualTo(Outcome.DONE);
    assertThat(list()).isEmpty();
    assertThat(load()).isEqualTo(Parking.NONE);
  }

  @Test
  void aStreamThatAdvancesKeepsEverythingElseOnRecord() {
    parked().park(lease, ONE, 3, "no luck", 5);
    parked().ask(PARTITION, generation, new Request.Retry(ONE));
    ParkedStream before = list().getFirst();
    assertThat(parked().advance(lease, ONE, 4)).isEqualTo(Outcome.DONE);
    assertThat(list()).containsExactly(new ParkedStream(ONE, 4, "no luck", 5, before.since()));
    assertThat(parked().requests(lease)).contains(List.of(new Request.Retry(ONE)));
    assertThat(parked().advance(lease, OTHER, 4)).isEqualTo(Outcome.DONE);
    assertThat(list()).hasSize(1);
    var stale = new Lease(generation, PARTITION, "me", lease.epoch() - 1);
    assertThat(parked().advance(stale, ONE, 9)).isEqualTo(Outcome.NOT_OWNER);
    assertThat(list().getFirst().version()).isEqualTo(4);
  }

  @Test
  void onlyTheOwnerChangesTheRecords() {
    parked().park(lease, ONE, 3, "x", 1);
    parked().ask(PARTITION, generation, new Request.Retry(ONE));
    Lease stale = lease;
    store().subscriptions().release(lease);
    lease = acquired("other");
    assertThat(parked().load(stale)).isEmpty();
    assertThat(parked().requests(stale)).isEmpty();
    assertThat(parked().park(stale, ONE, 1, "x", 1)).isEqualTo(Outcome.NOT_OWNER);
    assertThat(parked().unpark(stale, ONE)).isEqualTo(Outcome.NOT_OWNER);
    assertThat(parked().drop(stale, List.of(new EventAddress(ONE, 3)), "x"))
        .isEqualTo(Outcome.NOT_OWNER);
    assertThat(load()).isEqualTo(new Parking(Map.of(ONE, 3L), Set.of()));
    assertThat(parked().requests(lease)).contains(List.of(new Request.Retry(ONE)));
  }

  @Test
  void aRequestIsKeptUntilTheStreamIsParkedAnewOrNoMore() {
    assertThat(parked().ask(PARTITION, generation, new Request.Retry(ONE)))
        .as("nothing is parked")
        .isFalse();
    parked().park(lease, ONE, 3, "x", 1);
    parked().park(lease, OTHER, 4, "x", 1);
    assertThat(parked().requests(lease)).contains(List.of());
    assertThat(parked().ask(PARTITION, generation, new Request.Drop(ONE, 2, "r")))
        .as("it is parked at 3")
        .isFalse();
    assertThat(parked().ask(PARTITION, generation, new Request.Drop(ONE, 3, "no good\nat all")))
        .isTrue();
    assertThat(parked().requests(lease))
        .contains(List.of(new Request.Drop(ONE, 3, "no good\nat all")));
    assertThat(parked().ask(PARTITION, generation, new Request.Retry(ONE))).isTrue();
    assertThat(parked().requests(lease))
        .as("a drop that was asked for is not forgotten")
        .contains(List.of(new Request.Drop(ONE, 3, "no good\nat all")));
    parked().park(lease, ONE, 3, "x", 1);
    assertThat(parked().ask(PARTITION, generation, new Request.Retry(ONE))).isTrue();
    assertThat(parked().requests(lease)).contains(List.of(new Request.Retry(ONE)));
    assertThat(parked().ask(PARTITION, generation, new Request.Drop(ONE, 3, "r")))
        .as("a retry will tell whether it still fails")
        .isFalse();

    parked().park(lease, ONE, 3, "y", 1);
    assertThat(parked().requests(lease)).contains(List.of());

    parked().ask(PARTITION, generation, new Request.Retry(OTHER));
    parked().unpark(lease, OTHER);
    assertThat(parked().requests(lease)).contains(List.of());
  }

  @Test
  void aDroppedEventIsOnRecordAndTheNextOneIsToBeRetried() {
    parked().park(lease, ONE, 3, "x", 1);
    var event = new EventAddress(ONE, 3);
    var elsewhere = new EventAddress(OTHER, 8);
    assertThat(parked().drop(lease, List.of(event, elsewhere), "no good\nat all"))
        .isEqualTo(Outcome.DONE);
    assertThat(load()).isEqualTo(new Parking(Map.of(ONE, 4L), Set.of(event, elsewhere)));
    assertThat(parked().requests(lease)).contains(List.of(new Request.Retry(ONE)));
    assertThat(parked().drop(lease, List.of(event), "another reason")).isEqualTo(Outcome.DONE);
    assertThat(load().parked()).containsEntry(ONE, 4L);
    assertThat(parked().dropped(PARTITION, generation))
        .extracting(DroppedEvent::event, DroppedEvent::reason)
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple(event, "no good\nat all"),
            org.assertj.core.groups.Tuple.tuple(elsewhere, "no good\nat all"));
  }

  @Test
  void aFreshGenerationInheritsWhatWasDroppedAndNothingElse() {
    var event = new EventAddress(ONE, 3);
    parked().park(lease, ONE, 3, "x", 1);
    parked().drop(lease, List.of(event), "no good");
    parked().inherit(PARTITION, fresh, generation);
    parked().inherit(PARTITION, fresh, generation);
    store().subscriptions().create(PARTITION, fresh);
    assertThat(parked().dropped(PARTITION, fresh))
        .isEqualTo(parked().dropped(PARTITION, generation));
    assertThat(parked().parked(PARTITION, fresh)).isEmpty();
    assertThat(parked().dropped(PARTITION + 1, fresh)).isEmpty();
    var acquired =
        (Acquisition.Granted)
            store().subscriptions().acquire(fresh, PARTITION, "me", Duration.ofMinutes(1), 0);
    assertThat(parked().load(acquired.lease())).contains(new Parking(Map.of(), Set.of(event)));
  }

  @Test
  void aGenerationThatIsBeingFilledInheritsNothingMore() {
    parked().park(lease, ONE, 3, "x", 1);
    parked().inherit(PARTITION, fresh, generation);
    store().subscriptions().create(PARTITION, fresh);
    parked().drop(lease, List.of(new EventAddress(ONE, 3)), "after the fresh one has applied it");
    parked().inherit(PARTITION, fresh, generation);
    assertThat(parked().dropped(PARTITION, fresh)).isEmpty();
  }

  @Test
  void nothingIsLeftOfADeletedGeneration() {
    parked().park(lease, ONE, 3, "x", 1);
    parked().drop(lease, List.of(new EventAddress(ONE, 3)), "x");
    store().subscriptions().delete(PARTITION, generation);
    assertThat(list()).isEmpty();
    assertThat(parked().dropped(PARTITION, generation)).isEmpty();
  }

  @Test
  void whatADeletedGenerationHasInheritedIsNotThereWhenItIsCreatedAgain() {
    var fresh = new Generation(generation.projection(), generation.number() + 1);
    parked().park(lease, ONE, 3, "x", 1);
    parked().drop(lease, List.of(new EventAddress(ONE, 3)), "no good");
    parked().inherit(PARTITION, fresh, generation);
    store().subscriptions().create(PARTITION, fresh);
    store().subscriptions().delete(PARTITION, fresh);
    store().subscriptions().create(PARTITION, fresh);
    assertThat(parked().dropped(PARTITION, fresh)).isEmpty();
  }

  @Test
  void whatWasAskedIsThereForAnybodyUntilItIsDone() {
    assertThat(parked().asked(PARTITION, generation)).isEmpty();
    parked().park(lease, ONE, 3, "x", 1);
    var drop = new Request.Drop(ONE, 3, "no good, ü");
    assertThat(parked().ask(PARTITION, generation, drop)).isTrue();
    assertThat(parked().asked(PARTITION, generation)).containsExactly(drop);
    assertThat(parked().asked(PARTITION + 1, generation)).isEmpty();
    parked().unpark(lease, ONE);
    assertThat(parked().asked(PARTITION, generation)).isEmpty();
  }
}
