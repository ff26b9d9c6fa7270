package io.refold.projections.reactions;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.InMemoryEventStore;
import io.refold.eventstore.Limits;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.ProjectionStore;
import io.refold.projections.Shop;
import io.refold.projections.StartAt;
import io.refold.projections.memory.InMemoryProjectionStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A process is killed at each of its writes, before and after it is done; another one goes on. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProcessCrashTest {
  private static final Duration DAY = Duration.ofDays(1);

  @Test
  void whereverAProcessDiesEachStepIsTakenOnceAndEachCommandDoneOnce() {
    int write = 1;
    boolean died;
    do {
      died = story(write, false);
      assertThat(story(write, true)).isEqualTo(died);
      write++;
    } while (died);
    assertThat(write).as("writes of an undisturbed run").isGreaterThan(30);
  }

  /** An order is placed, reminded of and cancelled; returns whether the first process has died. */
  private static boolean story(int write, boolean done) {
    var clock = new TestClock();
    var events = new InMemoryEventStore(4, clock, Limits.defaults());
    var store = InMemoryProjectionStore.on(events, 1, clock);
    Shop.append(events, "a", new Shop.Placed("pen"));
    var dying = new DyingStore(store, DyingStore.WRITES, write, done);
    try {
      run(dying, clock);
      clock.advance(DAY);
      run(dying, clock);
      clock.advance(DAY);
      run(dying, clock);
    } catch (StoreUnavailableException dead) {
      assertThat(dying.dead()).isTrue();
    }
    clock.advance(DAY.multipliedBy(3));
    run(store, clock);
    String at = "write %d %s".formatted(write, done ? "done" : "not done");
    assertThat(Dunning.notes(events, "a")).as(at).containsExactly("pen placed", "pay pen", "soon");
    assertThat(Dunning.order(events, "a"))
        .as(at)
        .isEqualTo(List.of(new Shop.Placed("pen"), new Shop.Cancelled()));
    Processes<Dunning.Order, Dunning.Act> processes = processes(store, clock);
    assertThat(processes.find(events, "a").orElseThrow())
        .as(at)
        .isEqualTo(new Instance<>(new Dunning.Order(Dunning.Stage.CANCELLED, "pen"), Map.of()));
    clock.advance(DAY.multipliedBy(99));
    assertThat(processes.overdue(store, 10)).as(at).isEmpty();
    return dying.dead();
  }

  private static Processes<Dunning.Order, Dunning.Act> processes(
      ProjectionStore store, TestClock clock) {
    return Processes.of(new Dunning(store.events(), DAY, StartAt.zero()), clock);
  }

  private static void run(ProjectionStore store, TestClock clock) {
    try (var workers = DeterministicWorkers.on(store).add(processes(store, clock))) {
      workers.runUntilIdle();
    }
  }
}
