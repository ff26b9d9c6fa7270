package io.refold.projections;

import static io.refold.projections.Shop.ORDERS;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.ExpectedVersion;
import io.refold.projections.RebuildProgress.State;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Placed;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Coordinators of rebuilds that sleep or die at the worst moments. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class RebuildFaultsContract {
  private static final Duration SHORT = Duration.ofMillis(30);
  private static final Duration LONG = Duration.ofSeconds(30);

  private final Orders orders = new Orders();
  private final RowFormat<?> format = new RowFormat<>(orders);

  /** Returns an empty store. */
  protected abstract ProjectionStore store();

  private DeterministicWorkers filled() {
    for (int i = 0; i < 20; i++) {
      store()
          .events()
          .append(Append.of(ORDERS, "o" + i, ExpectedVersion.noStream(), List.of(new Placed("p"))));
    }
    DeterministicWorkers workers = DeterministicWorkers.on(store()).add(orders);
    workers.runUntilIdle();
    return workers;
  }

  private RebuildRun takenOver() {
    var run = new RebuildRun[1];
    Await.until(
        "the coordinator's lease expires",
        () -> {
          try {
            run[0] = RebuildRun.start(store(), format, null, "successor", LONG);
            return true;
          } catch (RebuildRunningException notYet) {
            return false;
          }
        });
    return run[0];
  }

  private static void drive(RebuildRun run, DeterministicWorkers workers, State until) {
    while (run.progress().state() != until) {
      assertThat(run.progress().ended()).isFalse();
      run.step();
      workers.runUntilIdle();
    }
  }

  @Test
  void aCoordinatorThatSleptThroughTheSwitchLeavesTheNewRowsAlone() {
    try (var workers = filled()) {
      RebuildRun sleeper = RebuildRun.start(store(), format, null, "sleeper", SHORT);
      RebuildRun successor = takenOver();
      drive(successor, workers, State.DONE);

      sleeper.fail("it woke up behind its check", null);

      assertThat(sleeper.progress().state()).isEqualTo(State.DONE);
      assertThat(store().readModel(orders).count()).isEqualTo(20);
    }
  }

  @Test
  void whoSeesACancelledRebuildLiftsTheFenceThatItsCoordinatorDidNotLift() {
    try (var workers = filled()) {
      RebuildRun dying = RebuildRun.start(store(), format, null, "dying", LONG);
      drive(dying, workers, State.SWITCHING);
      assertThat(store().generations().cancel(dying.generations())).isTrue(); // and then it died

      var events = store().events();
      var position =
          ((AppendResult.Appended)
                  events.append(
                      Append.of(
                          ORDERS, "new", ExpectedVersion.noStream(), List.of(new Placed("p")))))
              .position();
      try (var others = workers()) {
        assertThat(store().readModel(orders).await(position, Duration.ofSeconds(30)))
            .as("applied by " + others.name())
            .isEqualTo(Awaited.APPLIED);
      }
      assertThat(store().readModel(orders).count()).isEqualTo(21);
    }
  }

  @Test
  void anotherWorkerGoesOnWithASwitchWhoseCoordinatorIsGone() {
    RebuildRun dying;
    try (var workers = filled()) {
      dying = RebuildRun.start(store(), format, null, "dying", SHORT);
      drive(dying, workers, State.SWITCHING);
    }
    try (var others = workers()) {
      Await.until(
          "the switch is done by " + others.name(),
          () ->
              store()
                  .generations()
                  .look(format.name(), format.version())
                  .live()
                  .equals(Optional.of(dying.generations().fresh())));
    }
    assertThat(store().readModel(orders).count()).isEqualTo(20);
  }

  private ProjectionWorkers workers() {
    return ProjectionWorkers.on(store()).add(orders).lease(Duration.ofSeconds(1)).start();
  }
}
