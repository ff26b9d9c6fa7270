package io.refold.projections.reactions;

import static io.refold.projections.Shop.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Append;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.Await;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.EventParkedException;
import io.refold.projections.ParkedEvents;
import io.refold.projections.ProjectionStatus;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.Shop;
import io.refold.projections.Shop.OrderEvent;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.StartAt;
import io.refold.projections.store.Deliveries;
import io.refold.projections.store.Deliveries.Delivery;
import io.refold.projections.store.Deliveries.Failed;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Subscriptions;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What unordered reactions do: several consumers share each partition. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class UnorderedReactionContract {
  private static final Duration LEASE = Duration.ofSeconds(1);

  private final ConcurrentLinkedQueue<String> seen = new ConcurrentLinkedQueue<>();

  @SuppressWarnings("NullAway.Init") // opened before each test
  private ProjectionStore store;

  /** Returns an empty store. */
  protected abstract ProjectionStore store();

  @BeforeEach
  void open() {
    store = store();
  }

  private EventStore events() {
    return store.events();
  }

  private static UnorderedReaction reaction(
      StartAt start, int threads, Reaction.Handler<OrderEvent> handler) {
    return Reaction.named("effects", start).on(Shop.ORDERS, handler).unordered(threads);
  }

  private UnorderedReaction noting() {
    return reaction(
        StartAt.zero(), 3, (recorded, cause) -> seen.add(recorded.id() + recorded.version()));
  }

  private ProjectionWorkers start(ProjectionStore where, UnorderedReaction reaction) {
    return ProjectionWorkers.on(where).add(reaction).lease(LEASE).start();
  }

  private void awaitSettled(UnorderedReaction reaction) {
    Await.until("all is settled", () -> store.status(reaction).lag() == 0);
  }

  @Test
  void everyEventIsHandledOnceAndThePlaceSurvivesARestart() {
    append(events(), "a", new Placed("x"), new Paid(1));
    for (int round = 0; round < 2; round++) {
      try (var workers = DeterministicWorkers.on(store).add(noting())) {
        workers.runUntilIdle();
      }
      append(events(), "a", new Paid(2));
    }
    assertThat(seen).containsExactly("a1", "a2", "a3");
    assertThat(store.status(noting()).lag()).isEqualTo(1);
  }

  @Test
  void fromNowOnlyWhatIsAppendedAfterTheStartIsHandled() {
    append(events(), "a", new Placed("x"));
    UnorderedReaction reaction =
        reaction(
            StartAt.now(), 2, (recorded, cause) -> seen.add(recorded.id() + recorded.version()));
    try (var workers = start(store, reaction)) {
      append(events(), "a", new Paid(1));
      Await.until(workers.name() + " handles it", () -> !seen.isEmpty());
      awaitSettled(reaction);
    }
    assertThat(seen).containsExactly("a2");
  }

  @Test
  void consumersOfSeveralProcessesWorkOnOnePartitionAtTheSameTime() throws Exception {
    for (int i = 0; i < 8; i++) {
      append(events(), "a", new Paid(i));
    }
    var together = new CountDownLatch(4);
    UnorderedReaction reaction =
        reaction(
            StartAt.zero(),
            2,
            (recorded, cause) -> {
              together.countDown();
              if (!together.await(20, TimeUnit.SECONDS)) {
                throw new IllegalStateException("nobody else works on this partition");
              }
              seen.add(recorded.id() + recorded.version());
            });
    try (var one = start(store, reaction);
        var two = start(store, reaction)) {
      Await.until(one.name() + two.name() + " handle all", () -> seen.size() == 8);
      awaitSettled(reaction);
    }
    assertThat(seen).doesNotHaveDuplicates();
  }

  @Test
  void anInterruptedHandlerHasFailedAndItsThreadGoesOn() {
    append(events(), "a", new Placed("x"), new Paid(1), new Paid(2));
    UnorderedReaction reaction =
        reaction(
            StartAt.zero(),
            1,
            (recorded, cause) -> {
              if (recorded.version() == 1) {
                Thread.currentThread().interrupt();
                throw new InterruptedException("took too long");
              }
              seen.add(recorded.id() + recorded.version());
            });
    try (var workers = ProjectionWorkers.on(store).add(reaction).attempts(1).lease(LEASE).start()) {
      Await.until(workers.name() + " parks", () -> reaction.failed(store).size() == 1);
      awaitSettled(reaction);
    }
    assertThat(reaction.failed(store).getFirst().error()).contains("took too long");
    assertThat(seen).containsExactlyInAnyOrder("a2", "a3");
  }

  @Test
  void manyEventsOfManyProcessesAreHandledOnce() {
    UnorderedReaction reaction = noting();
    var expected = new HashSet<String>();
    try (var one = start(store, reaction);
        var two = start(store, reaction)) {
      for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 30; i++) {
          append(events(), "o" + i, new Paid(1));
          expected.add("o" + i + (round + 1));
        }
      }
      Await.until(one.name() + two.name() + " handle all", () -> seen.size() >= 300);
      awaitSettled(reaction);
      assertThat(store.status(reaction).caughtUp()).isTrue();
    }
    assertThat(seen).hasSize(300);
    assertThat(Set.copyOf(seen)).isEqualTo(expected);
  }

  @Test
  void whatADeadProcessHadUnderWayIsClaimedAndNothingElseIsRepeated() {
    for (int i = 0; i < 5; i++) {
      append(events(), "a", new Paid(i));
    }
    UnorderedReaction reaction = noting();
    var dying = new DyingStore(store, Set.of("settle"), 3, false);
    try (var workers = DeterministicWorkers.on(dying).add(reaction)) {
      assertThatThrownBy(workers::runUntilIdle).isInstanceOf(StoreUnavailableException.class);
    }
    assertThat(seen).containsExactly("a1", "a2", "a3");
    try (var workers = start(store, reaction)) {
      Await.until(workers.name() + " handles the rest", () -> seen.size() == 6);
      awaitSettled(reaction);
    }
    assertThat(seen.stream().sorted()).containsExactly("a1", "a2", "a3", "a3", "a4", "a5");
  }

  @Test
  void anEventThatTakesLongerThanALeaseStaysWithItsProcess() throws Exception {
    append(events(), "a", new Paid(1));
    var go = new CountDownLatch(1);
    UnorderedReaction slow =
        reaction(
            StartAt.zero(),
            1,
            (recorded, cause) -> {
              seen.add(cause.key());
              go.await();
            });
    try (var one = start(store, slow);
        var two = start(store, slow)) {
      Await.until(one.name() + " or " + two.name() + " has begun", () -> !seen.isEmpty());
      append(events(), "b", new Paid(1));
      Await.until("the other one handles another event", () -> seen.size() == 2);
      long until = System.nanoTime() + LEASE.multipliedBy(3).toNanos();
      Await.until("leases pass", () -> System.nanoTime() > until);
      go.countDown();
      awaitSettled(slow);
    }
    assertThat(seen).containsExactlyInAnyOrder("effects:order:a/1", "effects:order:b/1");
  }

  @Test
  void aFailingEventIsTriedAgainThenParkedAloneUntilItIsRetriedOrDropped() {
    append(events(), "a", new Placed("x"), new Paid(-1), new Paid(-2));
    append(events(), "a", new Paid(3));
    var works = new AtomicBoolean();
    var tries = new AtomicInteger();
    UnorderedReaction reaction =
        reaction(
            StartAt.zero(),
            2,
            (recorded, cause) -> {
              if (recorded.event() instanceof Paid(var cents) && cents < 0 && !works.get()) {
                tries.incrementAndGet();
                throw new IllegalStateException("negative");
              }
              seen.add(recorded.id() + recorded.version());
            });
    try (var workers = ProjectionWorkers.on(store).add(reaction).attempts(3).lease(LEASE).start()) {
      Await.until(workers.name() + " parks", () -> reaction.failed(store).size() == 2);
      awaitSettled(reaction);
    }
    assertThat(tries).hasValue(6);
    assertThat(seen).containsExactlyInAnyOrder("a1", "a4");
    var second = new EventAddress(Shop.ORDERS.stream("a"), 2);
    var third = new EventAddress(Shop.ORDERS.stream("a"), 3);
    assertThat(reaction.failed(store)).extracting(Failed::event).containsOnly(second, third);
    assertThat(reaction.failed(store))
        .allMatch(failed -> failed.error().contains("negative") && failed.attempts() == 3);

    ProjectionStatus.Partition status =
        store.status(reaction).partitions().get(events().partitionOf(second.stream()));
    assertThat(status.parked()).isEqualTo(2);
    Generation generation = new Generation("effects", 1);
    assertThat(store.subscriptions().arrival(generation, of(second)))
        .isEqualTo(Subscriptions.Arrival.PARKED);
    var fourth = new EventAddress(Shop.ORDERS.stream("a"), 4);
    assertThat(store.subscriptions().arrival(generation, of(fourth)))
        .isEqualTo(Subscriptions.Arrival.APPLIED);

    assertThat(reaction.retry(store, second)).isFalse();
    assertThat(reaction.failed(store)).extracting(Failed::attempts).containsOnly(3, 4);
    works.set(true);
    assertThat(reaction.retry(store, second)).isTrue();
    reaction.drop(store, third, "a mistake");
    assertThat(reaction.failed(store)).isEmpty();
    assertThat(seen).containsExactlyInAnyOrder("a1", "a4", "a2");
    assertThat(store.parked(reaction).dropped())
        .hasSize(1)
        .allMatch(dropped -> dropped.event().equals(third) && dropped.reason().equals("a mistake"));
    assertThatThrownBy(() -> reaction.retry(store, second)).hasMessageContaining("is not parked");
    assertThatThrownBy(() -> reaction.drop(store, third, "x"))
        .hasMessageContaining("is not parked");
  }

  @Test
  void whoRetriesAnEventStaysInterruptedAndWhatHasBecomeOfItIsRecorded() {
    append(events(), "a", new Paid(1));
    var tries = new AtomicInteger();
    UnorderedReaction reaction =
        reaction(
            StartAt.zero(),
            1,
            (recorded, cause) -> {
              switch (tries.incrementAndGet()) {
                case 1 -> throw new IllegalStateException("not yet");
                case 2 -> throw new InterruptedException("took too long");
                default -> Thread.currentThread().interrupt();
              }
            });
    try (var workers = ProjectionWorkers.on(store).add(reaction).attempts(1).lease(LEASE).start()) {
      Await.until(workers.name() + " parks", () -> reaction.failed(store).size() == 1);
    }
    EventAddress event = reaction.failed(store).getFirst().event();

    assertThat(reaction.retry(store, event)).isFalse();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(reaction.failed(store).getFirst().attempts()).isEqualTo(2);

    assertThat(reaction.retry(store, event)).isTrue();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(reaction.failed(store)).isEmpty();

    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> reaction.retry(store, event))
        .isInstanceOfAny(IllegalArgumentException.class, StoreUnavailableException.class);
    assertThat(Thread.interrupted()).isTrue();
  }

  /** Returns the id of an order in another partition. */
  private String apartFrom(String id) {
    int partition = events().partitionOf(Shop.ORDERS.stream(id));
    for (int i = 0; ; i++) {
      if (events().partitionOf(Shop.ORDERS.stream("o" + i)) != partition) {
        return "o" + i;
      }
    }
  }

  @Test
  void aServerThatHangsCostsNobodyTheEntriesOnOthers() throws Exception {
    Duration lease = Duration.ofSeconds(8);
    String other = apartFrom("hung");
    int hung = events().partitionOf(Shop.ORDERS.stream("hung"));
    var go = new CountDownLatch(1);
    ProjectionStore hanging =
        TellingStore.of(
            store,
            (method, args) -> {
              boolean hangs =
                  switch (method) {
                    case "keep" -> ((Deliveries.Consumer) args[0]).partition() == hung;
                    case "attend" -> true; // so that the other process looks after all partitions
                    default -> false;
                  };
              if (hangs) {
                go.await();
              }
            });
    UnorderedReaction slow =
        reaction(
            StartAt.zero(),
            2,
            (recorded, cause) -> {
              seen.add(recorded.id());
              go.await();
            });
    append(events(), "hung", new Paid(1));
    append(events(), other, new Paid(1));
    try (var one = ProjectionWorkers.on(hanging).add(slow).lease(lease).start()) {
      Await.until(one.name() + " has begun both", () -> seen.size() == 2);
      try (var two = ProjectionWorkers.on(store).add(slow).lease(lease).start()) {
        try {
          Await.until(two.name() + " has what hangs", () -> seen.size() > 2);
          long until = System.nanoTime() + lease.multipliedBy(3).dividedBy(2).toNanos();
          Await.until("leases pass", () -> System.nanoTime() > until);
          assertThat(seen).containsExactlyInAnyOrder("hung", "hung", other);
        } finally { // before they are closed
          go.countDown();
        }
      }
    }
  }

  @Test
  void whatItParksIsNotLookedForAmongParkedStreams() {
    UnorderedReaction reaction = noting();
    try (var workers = DeterministicWorkers.on(store).add(reaction)) {
      workers.runUntilIdle();
    }
    ParkedEvents parked = store.parked(reaction);
    assertThatThrownBy(parked::list)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'effects'")
        .hasMessageContaining("UnorderedReaction.failed");
    assertThatThrownBy(parked::retryAll).hasMessageContaining("UnorderedReaction.failed");
    assertThatThrownBy(() -> parked.retry(Shop.ORDERS.stream("a")))
        .hasMessageContaining("UnorderedReaction.failed");
    assertThat(parked.dropped()).isEmpty();
  }

  private Position of(EventAddress event) {
    return events().read(event.stream(), event.version() - 1, 1).getFirst().position();
  }

  @Test
  void aProcessThatIsClosedKeepsWhatItHandlesToTheEnd() throws Exception {
    append(events(), "a", new Paid(1));
    var go = new CountDownLatch(1);
    UnorderedReaction slow =
        reaction(
            StartAt.zero(),
            1,
            (recorded, cause) -> {
              seen.add(cause.key());
              go.await();
            });
    ProjectionWorkers one = start(store, slow);
    Await.until(one.name() + " has begun", () -> !seen.isEmpty());
    try (var two = start(store, slow)) {
      Thread closing = Thread.ofPlatform().start(one::close);
      long until = System.nanoTime() + LEASE.multipliedBy(3).toNanos();
      Await.until("leases pass", () -> System.nanoTime() > until);
      go.countDown();
      closing.join();
      awaitSettled(slow);
      assertThat(seen).as("while %s was running", two.name()).containsExactly("effects:order:a/1");
    }
  }

  @Test
  void whatAConsumerHasLostToAnotherOneItNeitherSettlesNorParks() {
    append(events(), "a", new Paid(1));
    try (var workers = DeterministicWorkers.on(store).add(noting())) {
      workers.runUntilIdle();
    }
    append(events(), "a", new Paid(2));
    int partition = events().partitionOf(Shop.ORDERS.stream("a"));
    var generation = new Generation("effects", 1);
    var stale = new Deliveries.Consumer(generation, partition, "stale");
    var other = new Deliveries.Consumer(generation, partition, "other");
    Deliveries deliveries = store.deliveries();
    var delivered = (Delivery.Entry) deliveries.next(stale, Set.of("order"));
    Position position = delivered.entry().position();
    Await.until(
        "it is claimed",
        () -> deliveries.tend(other, Duration.ofMillis(1), LEASE).claimed().isPresent());

    var event = new EventAddress(Shop.ORDERS.stream("a"), 2);
    List<Failed> failed = List.of(new Failed(event, "no luck", 1, Instant.EPOCH));
    deliveries.settle(stale, position, failed);
    assertThat(deliveries.failed(partition, generation)).isEmpty();
    assertThat(deliveries.tend(other, LEASE, LEASE).moved()).isFalse();
    deliveries.settle(other, position, List.of());
    assertThat(deliveries.tend(other, LEASE, LEASE).moved()).isTrue();
    deliveries.settle(other, position, failed);
    assertThat(deliveries.failed(partition, generation)).isEmpty();
  }

  @Test
  void aThreadOutlivesWhateverItsStoreThrows() {
    append(events(), "a", new Paid(1));
    var failures = new AtomicInteger(4);
    ProjectionStore strange =
        TellingStore.of(
            store,
            (method, args) -> {
              if (Set.of("next", "attend").contains(method) && failures.getAndDecrement() > 0) {
                throw new AssertionError("nobody knows why");
              }
            });
    try (var workers = start(strange, noting())) {
      Await.until(workers.name() + " handles it", () -> !seen.isEmpty());
      awaitSettled(noting());
    }
    assertThat(seen).containsExactly("a1");
  }

  @Test
  void whileASystemIsAwayNoMoreIsTakenThanAFewPerThread() {
    for (int i = 0; i < 60; i++) {
      append(events(), "a", new Paid(i));
    }
    var away = new AtomicBoolean(true);
    var tried = new ConcurrentLinkedQueue<Long>();
    UnorderedReaction reaction =
        reaction(
            StartAt.zero(),
            1,
            (recorded, cause) -> {
              tried.add(recorded.version());
              if (away.get()) {
                throw new StoreUnavailableException("the mail server is away", null);
              }
              seen.add(recorded.id() + recorded.version());
            });
    try (var workers = start(store, reaction)) {
      Await.until("all under way are tried again", () -> tried.size() > 100);
      assertThat(Set.copyOf(tried)).hasSize(8);
      away.set(false);
      Await.until(workers.name() + " handles all", () -> seen.size() == 60);
      awaitSettled(reaction);
    }
    assertThat(seen).doesNotHaveDuplicates();
  }

  @Test
  void askingForWhatFailedStartsNothing() {
    assertThatThrownBy(() -> noting().failed(store))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("'effects' was never started");
    assertThat(store.status(noting()).generation()).isEmpty();
  }

  @Test
  void inTestsAFailureIsReportedAtOnce() {
    append(events(), "a", new Placed("x"));
    UnorderedReaction reaction =
        reaction(
            StartAt.zero(),
            1,
            (recorded, cause) -> {
              throw new IllegalStateException("on purpose");
            });
    try (var workers = DeterministicWorkers.on(store).add(reaction)) {
      assertThatThrownBy(workers::runUntilIdle)
          .isInstanceOf(EventParkedException.class)
          .hasMessageContaining("on purpose");
      workers.runUntilIdle();
    }
  }

  @Test
  void aSystemThatIsAwayIsWaitedForAndNothingIsParked() {
    append(events(), "a", new Placed("x"));
    var away = new AtomicInteger(3);
    UnorderedReaction reaction =
        reaction(
            StartAt.zero(),
            1,
            (recorded, cause) -> {
              if (away.getAndDecrement() > 0) {
                throw new StoreUnavailableException("the mail server is away", null);
              }
              seen.add(recorded.id() + recorded.version());
            });
    try (var workers = ProjectionWorkers.on(store).add(reaction).attempts(1).lease(LEASE).start()) {
      Await.until(workers.name() + " handles it", () -> !seen.isEmpty());
      awaitSettled(reaction);
    }
    assertThat(seen).containsExactly("a1");
    assertThat(reaction.failed(store)).isEmpty();
  }

  @Test
  void unwantedEventsAreLeftOutAndCounted() {
    for (int i = 0; i < 450; i++) {
      Shop.position(
          events()
              .append(
                  Append.of(Shop.NOTES, "a", ExpectedVersion.any(), List.of(new Shop.Noted("x")))));
    }
    append(events(), "a", new Placed("x"));
    try (var workers = DeterministicWorkers.on(store).add(noting())) {
      workers.runUntilIdle();
    }
    assertThat(seen).containsExactly("a1");
    assertThat(store.status(noting()).lag()).isZero();
  }

  @Test
  void whatWasStartedInOneWayDoesNotGoOnInTheOther() {
    UnorderedReaction unordered = noting();
    Reaction ordered =
        Reaction.named("effects", StartAt.zero())
            .on(Shop.ORDERS, (recorded, cause) -> seen.add(recorded.id()))
            .build();
    try (var workers = DeterministicWorkers.on(store).add(unordered)) {
      workers.runUntilIdle();
    }
    try (var workers = DeterministicWorkers.on(store).add(ordered)) {
      assertThatThrownBy(workers::runUntilIdle)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("is an unordered reaction", "it needs another name");
    }
    assertThatThrownBy(() -> DeterministicWorkers.on(store).add(unordered).rebuild(unordered))
        .hasMessageContaining("no rebuild runs it");
    assertThatThrownBy(() ->
            Reaction.named("n", StartAt.zero())
                .on(Shop.ORDERS, (recorded, cause) -> {})
                .unordered(0))
        .hasMessageContaining("1 to 256 threads");
    assertThat(seen).isEmpty();
  }
}
