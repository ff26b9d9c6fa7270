package io.refold.projections;

import static io.refold.projections.Shop.append;
import static io.refold.projections.Shop.fill;
import static io.refold.projections.Shop.freshFold;
import static io.refold.projections.Shop.rows;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.EventStore;
import io.refold.projections.FaultyStore.Fate;
import io.refold.projections.RebuildProgress.State;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How fast rebuilds go, and what they do with failing events, on every store. */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class RebuildTermsContract {
  private static final Duration SOON = Duration.ofSeconds(20);

  private final AtomicBoolean broken = new AtomicBoolean();
  private final AtomicInteger folded = new AtomicInteger();
  private final Orders orders =
      new Orders(
          1,
          recorded -> {
            folded.incrementAndGet();
            if (broken.get() && recorded.version() == 2 && recorded.id().equals("o1")) {
              throw new IllegalStateException("not this one");
            }
          });

  /** Returns the store of this test, empty at its beginning. */
  protected abstract ProjectionStore store();

  private EventStore events() {
    return store().events();
  }

  private ProjectionWorkers start() {
    return ProjectionWorkers.on(store())
        .lease(Duration.ofSeconds(1))
        .attempts(1)
        .add(orders)
        .start();
  }

  private void awaitCaughtUp() {
    Await.until("it catches up", () -> store().status(orders).caughtUp());
  }

  private void assertEqualToFreshFold() {
    assertThat(rows(store().readModel(orders))).isEqualTo(freshFold(events(), new Orders()));
  }

  @Test
  void aThrottledRebuildKeepsToItsPaceOverAllProcessesUntilThatIsChanged() throws Exception {
    fill(events(), "o", 200);
    try (var one = start();
        var two = start()) {
      awaitCaughtUp();
      int before = folded.get();
      Rebuild rebuild = one.rebuild(orders, RebuildOptions.PLAIN.throttle(100));
      long began = System.nanoTime();
      Await.until("some are read", () -> folded.get() >= before + 250);
      double seconds = (System.nanoTime() - began) / 1e9;
      assertThat((folded.get() - before) / seconds)
          .as("events a second, with what the partitions read at once")
          .isLessThan(150);
      assertThat(rebuild.progress().ended()).isFalse();

      assertThat(rebuild.throttle(0)).isTrue();

      assertThat(rebuild.await(SOON)).map(RebuildProgress::state).contains(State.DONE);
      assertThat(rebuild.throttle(5)).as("it has ended").isFalse();
      assertThat(two.status().getFirst().generation()).hasValue(2);
      assertEqualToFreshFold();
    }
  }

  @Test
  void aPausedRebuildReadsNothingUntilItProceedsAlsoUnderAnotherCoordinator() throws Exception {
    fill(events(), "o", 200);
    try (var heir = start()) {
      awaitCaughtUp();
      try (var dying = start()) {
        Rebuild rebuild = dying.rebuild(orders, RebuildOptions.PLAIN.throttle(50));
        Await.until("some is filled", () -> rebuild.progress().events() > 10);
        assertThat(rebuild.pause()).isTrue();
        Await.until("it is paused", () -> rebuild.progress().state() == State.PAUSED);
      }
      assertNothingIsRead();
      var found = new AtomicReference<Rebuild>();
      Await.until("it is taken over", () -> rebuilt(heir, found));
      Rebuild adopted = found.get();
      Await.until("it is paused", () -> adopted.progress().state() == State.PAUSED);
      append(events(), "new", new Placed("n"));
      awaitCaughtUp();
      assertNothingIsRead();
      assertThat(adopted.progress().events())
          .as("filled before the pause")
          .isLessThan(adopted.progress().total() / 2);

      assertThat(adopted.throttle(0)).isTrue();
      assertThat(adopted.proceed()).isTrue();

      assertThat(adopted.await(SOON)).map(RebuildProgress::state).contains(State.DONE);
      assertThat(store().status(orders).generation()).hasValue(2);
      assertEqualToFreshFold();
    }
  }

  @Test
  void aStoreThatIsAwayForAMomentEndsNoRebuild() throws Exception {
    fill(events(), "o", 100);
    var faulty = new FaultyStore(store());
    try (var workers =
        ProjectionWorkers.on(faulty).lease(Duration.ofSeconds(1)).add(orders).start()) {
      awaitCaughtUp();
      var looks = new AtomicInteger();
      faulty.fates(call -> {
        looks.addAndGet(call.equals("outlook") ? 1 : 0);
        return call.equals("commit") ? Fate.REFUSED : Fate.FINE;
      });
      Rebuild rebuild = workers.rebuild(orders);
      Await.until("an owner waits", () -> waits(rebuild));
      int before = looks.get();
      Await.until("it was looked at", () -> looks.get() > before + 3 * events().partitions());

      faulty.fates(call -> Fate.FINE);

      assertThat(rebuild.await(SOON)).map(RebuildProgress::state).contains(State.DONE);
      assertEqualToFreshFold();
    }
  }

  private boolean waits(Rebuild rebuild) {
    return IntStream.range(0, events().partitions())
        .mapToObj(partition -> store().subscriptions().outlook(partition, rebuild.fresh()))
        .flatMap(Optional::stream)
        .anyMatch(outlook -> outlook.state().problem().startsWith(PartitionOwner.WAITING));
  }

  @Test
  void aRebuildIsWatchedAndDirectedFromAnyProcess() throws Exception {
    fill(events(), "o", 200);
    assertThat(store().rebuild(orders)).isEmpty();
    try (var coordinator = start()) {
      awaitCaughtUp();
      Rebuild coordinated = coordinator.rebuild(orders, RebuildOptions.PLAIN.throttle(50));
      RunningRebuild seen = store().rebuild(orders).orElseThrow();
      assertThat(seen.projection()).isEqualTo("orders");
      assertThat(seen.version()).isEqualTo(1);
      Await.until("it is seen to go on", () -> progress(seen).events() > 10);
      assertThat(progress(seen).state()).isEqualTo(State.FILLING);
      assertThat(progress(seen).total()).isEqualTo(coordinated.progress().total()).isPositive();

      assertThat(seen.pause()).isTrue();
      Await.until("it is paused", () -> coordinated.progress().state() == State.PAUSED);
      assertThat(progress(seen).state()).isEqualTo(State.PAUSED);
      assertNothingIsRead();

      assertThat(seen.cancel()).isTrue();
      assertThat(seen.cancel()).as("again").isFalse();
      assertThat(coordinated.await(SOON)).map(RebuildProgress::state).contains(State.CANCELLED);
      assertThat(seen.progress()).isEmpty();
      assertThat(seen.proceed()).isFalse();
      assertThat(store().rebuild(orders)).isEmpty();

      Rebuild again = coordinator.rebuild(orders, RebuildOptions.PLAIN.throttle(1));
      RunningRebuild faster = store().rebuild(orders).orElseThrow();
      assertThat(faster.throttle(0)).isTrue();
      assertThat(seen.throttle(0)).as("the one before").isFalse();
      assertThat(again.await(SOON)).map(RebuildProgress::state).contains(State.DONE);
      assertThat(faster.progress()).isEmpty();
      assertThat(faster.cancel()).isFalse();
      assertEqualToFreshFold();
    }
  }

  private static RebuildProgress progress(RunningRebuild rebuild) {
    return rebuild.progress().orElseThrow();
  }

  private boolean rebuilt(ProjectionWorkers workers, AtomicReference<Rebuild> found) {
    try {
      found.set(workers.rebuild(orders));
      return true;
    } catch (RebuildRunningException notYet) {
      return false;
    }
  }

  /** Workers may need a second to hear of it. */
  private void assertNothingIsRead() {
    var seen = new int[] {folded.get(), 0};
    Await.until(
        "nothing is read for a while",
        () -> {
          int now = folded.get();
          seen[1] = now == seen[0] ? seen[1] + 1 : 0;
          seen[0] = now;
          return seen[1] > 300; // some 600 milliseconds
        });
    int before = folded.get();
    Await.until("the leases are renewed", () -> store().status(orders).rebuild().isPresent());
    assertThat(folded.get()).isEqualTo(before);
  }

  @Test
  void aFailingEventIsParkedIfAskedForAndLeftOutIfItWasDroppedBefore() throws Exception {
    fill(events(), "o", 20);
    try (var workers = start()) {
      awaitCaughtUp();
      broken.set(true);
      Rebuild failing = workers.rebuild(orders);
      assertThatThrownBy(() -> failing.await(SOON))
          .isInstanceOf(RebuildFailedException.class)
          .hasMessageContaining("event 2 of order:o1");
      assertThat(store().status(orders).generation()).as("the rows are what they were").hasValue(1);

      Rebuild parking = workers.rebuild(orders, RebuildOptions.PLAIN.parkFailures());

      assertThat(parking.await(SOON)).map(RebuildProgress::state).contains(State.DONE);
      ParkedEvents parked = store().parked(orders);
      assertThat(parked.list()).hasSize(1);
      assertThat(parked.list().getFirst().version()).isEqualTo(2);
      parked.drop(parked.list().getFirst(), "it was wrong");
      Await.until("it is dropped", () -> parked.list().isEmpty());
      assertThat(workers.rebuild(orders).await(SOON))
          .as("what was dropped fails no rebuild")
          .map(RebuildProgress::state)
          .contains(State.DONE);
      assertThat(store().parked(orders).dropped()).hasSize(1);
      append(events(), "o1", new Paid(1));
      awaitCaughtUp();
      assertThat(store().readModel(orders).find("o1")).isPresent();
    }
  }

  @Test
  void optionsAreChecked() {
    assertThatThrownBy(() -> RebuildOptions.PLAIN.throttle(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1");
    assertThatThrownBy(
            () -> ProjectionWorkers.on(store()).retireVersionsAfter(Duration.ofSeconds(119)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2 minutes");
  }
}
