package io.refold.projections;

import static io.refold.projections.Shop.append;
import static io.refold.projections.Shop.fill;
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
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two versions of a projection on one store; an implementation says how to get an empty one. */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class VersionsContract {
  private static final Duration SOON = Duration.ofSeconds(20);

  private final Orders first = new Orders();
  private final CountDownLatch gate = new CountDownLatch(1);
  private final Orders second =
      new Orders(
          2,
          recorded -> {
            try {
              assertThat(gate.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });

  /** Returns the store of this test, empty at its beginning. */
  protected abstract ProjectionStore store();

  private EventStore events() {
    return store().events();
  }

  private ProjectionWorkers start(Projection<?> projection) {
    return ProjectionWorkers.on(store()).lease(Duration.ofSeconds(2)).add(projection).start();
  }

  private void awaitCaughtUp(Projection<?> projection) {
    Await.until("it catches up", () -> store().status(projection).caughtUp());
  }

  @Test
  void aHigherVersionFillsItsRowsByItselfWhileTheOldOneIsServedAndKeptUpToDate() throws Exception {
    fill(events(), "o", 60);
    var stop = new AtomicBoolean();
    var written = new AtomicInteger();
    ReadModel<Shop.Order> old = store().readModel(first);
    ReadModel<Shop.Order> next = store().readModel(second);
    try (var before = start(first);
        var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      awaitCaughtUp(first);
      var writing =
          executor.submit(() -> {
            while (!stop.get()) {
              String id = "w" + written.incrementAndGet() % 50;
              Position position = append(events(), id, new Placed("w"), new Paid(1));
              if (written.get() % 40 == 0) { // not faster than the workers are
                old.await(position, SOON);
              }
            }
          });
      try (var after = start(second)) {
        Await.until("it is being filled", () -> store().status(second).rebuild().isPresent());
        Position position = append(events(), "new", new Placed("n"));
        assertThat(old.find("new", position, SOON)).isPresent();
        assertThatThrownBy(() -> next.find("new"))
            .isInstanceOf(ReadModelMissingException.class)
            .hasMessageContaining("version 2 of projection 'orders' is being filled, 0 of ")
            .hasMessageContaining("awaitReady");
        assertThat(next.awaitReady(Duration.ofMillis(1))).isFalse();
        assertThatThrownBy(() -> before.rebuild(first))
            .isInstanceOf(RebuildRunningException.class)
            .hasMessageContaining("version 2 of projection 'orders' is being rebuilt already");

        gate.countDown();

        assertThat(next.awaitReady(SOON)).isTrue();
        position = append(events(), "newer", new Placed("n"));
        assertThat(next.find("newer", position, SOON)).isPresent();
        assertThat(old.find("newer", position, SOON)).as("the old one goes on").isPresent();
        stop.set(true);
        writing.get(20, TimeUnit.SECONDS);
        awaitCaughtUp(first);
        awaitCaughtUp(second);
        assertThat(rows(next)).isEqualTo(freshFold(events(), second));
        assertThat(store().status(first).generation()).hasValue(1);
        assertThat(store().status(second).generation()).hasValue(2);
        assertThat(after.rebuild(second).await(SOON)).as("its own rebuild").isPresent();
        assertThat(store().status(second).generation()).hasValue(3);
      } finally {
        stop.set(true);
      }
      append(events(), "back", new Placed("b"));
      awaitCaughtUp(first);
      assertThat(rows(old)).as("rolled back").isEqualTo(freshFold(events(), first));
    }
  }

  @Test
  void aFillingThatLosesItsProcessIsGoneOnWithByAnotherOneOfItsVersion() throws Exception {
    fill(events(), "o", 30);
    try (var before = start(first)) {
      awaitCaughtUp(first);
      try (var dying = start(second)) {
        Await.until("it is being filled", () -> store().status(second).rebuild().isPresent());
        gate.countDown();
        assertThat(dying.name()).isNotEqualTo(before.name());
      }
      try (var heir = start(second)) {
        assertThat(store().readModel(second).awaitReady(SOON)).as(heir.name()).isTrue();
      }
    }
    assertThat(store().status(second).generation()).hasValue(2);
    assertThat(rows(store().readModel(second))).isEqualTo(freshFold(events(), second));
  }

  @Test
  void aLowerVersionWithoutRowsGetsThemOnlyWhenAskedFor() throws Exception {
    gate.countDown();
    fill(events(), "o", 30);
    try (var newer = start(second)) {
      awaitCaughtUp(second);
      assertThat(store().status(second).generation()).as("the first version ever").hasValue(1);
      try (var forgotten = start(first)) {
        ReadModel<Shop.Order> old = store().readModel(first);
        Position position = append(events(), "new", new Placed("n"));
        assertThat(store().readModel(second).find("new", position, SOON)).isPresent();
        assertThatThrownBy(() -> old.find("new"))
            .isInstanceOf(ReadModelMissingException.class)
            .hasMessageContaining("version 1 of projection 'orders' has no rows")
            .hasMessageContaining("[2]")
            .hasMessageContaining("ProjectionWorkers.rebuild");
        assertThat(store().status(first).rebuild()).isEmpty();

        assertThat(forgotten.rebuild(first).await(SOON)).isPresent();

        assertThat(rows(old)).isEqualTo(freshFold(events(), first));
        assertThat(store().status(second).generation()).hasValue(1);
        assertThat(newer.name()).isNotEqualTo(forgotten.name());
      }
    }
  }

  @Test
  void aHigherVersionThatIsCancelledLeavesNothingAndWaitsToBeAskedFor() throws Exception {
    fill(events(), "o", 30);
    try (var before = start(first);
        var after = start(second)) {
      Await.until("it is being filled", () -> store().status(second).rebuild().isPresent());
      var ours = new AtomicReference<Rebuild>();
      Await.until("it is ours", () -> ours(after, ours));
      Rebuild rebuild = ours.get();
      assertThat(rebuild.cancel()).isTrue();
      gate.countDown();
      assertThat(rebuild.await(SOON)).map(RebuildProgress::state).contains(State.CANCELLED);
      awaitCaughtUp(first);
      assertThat(store().status(second).rebuild()).isEmpty();
      assertThat(after.rebuild(second).await(SOON)).isPresent();
      assertThat(rows(store().readModel(second))).isEqualTo(freshFold(events(), second));
      assertThat(before.status().getFirst().generation()).hasValue(1);
    }
  }

  private boolean ours(ProjectionWorkers workers, AtomicReference<Rebuild> found) {
    try {
      found.set(workers.rebuild(second));
      return true;
    } catch (RebuildRunningException coordinatorIsJustStarting) {
      return false;
    }
  }

  @Test
  void workersWithoutThreadsFillANewVersionBeforeAnybodyReadsIt() {
    gate.countDown();
    fill(events(), "o", 30);
    try (var before = DeterministicWorkers.on(store()).add(first);
        var after = DeterministicWorkers.on(store()).add(second)) {
      before.runUntilIdle();
      after.runUntilIdle();
      append(events(), "new", new Placed("n"));
      before.runUntilIdle();
      after.runUntilIdle();
    }
    assertThat(rows(store().readModel(first))).isEqualTo(freshFold(events(), first));
    assertThat(rows(store().readModel(second))).isEqualTo(freshFold(events(), second));
    assertThat(store().status(first).generation()).hasValue(1);
  }
}
