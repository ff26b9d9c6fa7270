package io.refold.projections.reactions;

import static io.refold.projections.Shop.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.refold.eventstore.Append;
import io.refold.eventstore.Category;
import io.refold.eventstore.EventCodec;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.StreamId;
import io.refold.projections.Await;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.EventParkedException;
import io.refold.projections.ParkedEvents;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Cancelled;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.StartAt;
import io.refold.projections.reactions.Dunning.Act;
import io.refold.projections.reactions.Dunning.Order;
import io.refold.projections.reactions.Dunning.Stage;
import io.refold.projections.store.Deadlines;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What processes do: steps, commands and deadlines. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class ProcessContract {
  private static final Duration DAY = Duration.ofDays(1);

  private final TestClock clock = new TestClock();

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

  private Processes<Order, Act> dunning() {
    return Processes.of(new Dunning(events(), DAY, StartAt.zero()), clock);
  }

  private DeterministicWorkers workers() {
    return DeterministicWorkers.on(store).add(dunning());
  }

  private void run() {
    try (var workers = workers()) {
      workers.runUntilIdle();
    }
  }

  private void pass(Duration time) {
    clock.advance(time.plusSeconds(60)); // the server's clock may be a little ahead
  }

  private Optional<Stage> stage(String order) {
    return dunning().find(events(), order).map(instance -> instance.state().stage());
  }

  @Test
  void deadlinesFireWhenTheirTimeHasComeAndNotBefore() {
    append(events(), "a", new Placed("pen"));
    try (var workers = workers()) {
      workers.runUntilIdle();
      clock.advance(DAY.minusSeconds(60));
      workers.runUntilIdle();
      assertThat(Dunning.notes(events(), "a")).containsExactly("pen placed");
      pass(Duration.ofSeconds(60));
      workers.runUntilIdle();
      assertThat(Dunning.notes(events(), "a")).containsExactly("pen placed", "pay pen", "soon");
      pass(DAY);
      workers.runUntilIdle();
      assertThat(Dunning.order(events(), "a")).containsExactly(new Placed("pen"), new Cancelled());
      pass(DAY.multipliedBy(10));
      workers.runUntilIdle();
      assertThat(Dunning.order(events(), "a")).hasSize(2);
    }
  }

  @Test
  void deadlinesSurviveRestartsAndFireOnce() {
    append(events(), "a", new Placed("pen"));
    run();
    pass(DAY);
    run();
    run();
    pass(DAY);
    run();
    run();
    assertThat(Dunning.notes(events(), "a")).containsExactly("pen placed", "pay pen", "soon");
    assertThat(Dunning.order(events(), "a")).containsExactly(new Placed("pen"), new Cancelled());
  }

  @Test
  void aDeadlineThatWasMissedLongAgoFiresAtTheNextStart() {
    append(events(), "a", new Placed("pen"));
    run();
    pass(DAY.multipliedBy(100));
    run();
    assertThat(stage("a")).contains(Stage.CANCELLED);
  }

  @Test
  void whatIsCancelledDoesNotFireAndAnEventThatIsThereCountsBeforeADeadline() {
    append(events(), "a", new Placed("pen"));
    run();
    append(events(), "a", new Paid(5));
    pass(DAY.multipliedBy(100));
    run();
    assertThat(stage("a")).contains(Stage.PAID);
    assertThat(Dunning.notes(events(), "a")).containsExactly("pen placed");
    assertThat(dunning().overdue(store, 10)).isEmpty();
  }

  @Test
  void aDeadlineThatIsSetAgainFiresAtItsNewTime() {
    append(events(), "a", new Placed("pen"));
    run();
    append(events(), "a", new Paid(5));
    append(events(), "a", new Placed("ink"));
    run();
    pass(DAY);
    run();
    assertThat(Dunning.notes(events(), "a"))
        .containsExactly("pen placed", "ink placed", "pay ink", "soon");
  }

  @Test
  void manyDeadlinesOfManyInstancesAllFire() {
    for (int i = 0; i < 300; i++) {
      append(events(), "route/" + i, new Placed("pen"));
    }
    run();
    pass(DAY.multipliedBy(3));
    run();
    for (int i = 0; i < 300; i++) {
      assertThat(stage("route/" + i)).contains(Stage.CANCELLED);
    }
  }

  @Test
  void aStepThatFailsOnADeadlineIsSeenTriedAgainAndInNobodysWay() {
    append(events(), "a", new Placed("bug"));
    append(events(), "a/2", new Placed("pen"));
    try (var workers = workers()) {
      workers.runUntilIdle();
      pass(DAY);
      workers.runUntilIdle();
      assertThat(stage("a")).contains(Stage.OPEN);
      assertThat(stage("a/2")).contains(Stage.REMINDED);
      assertThat(dunning().overdue(store, 10))
          .extracting(Deadline::instance, Deadline::name)
          .containsExactly(tuple("a", "reminder"));
      append(events(), "a", new Placed("pen"));
      workers.runUntilIdle();
      assertThat(stage("a")).contains(Stage.REMINDED);
      assertThat(dunning().overdue(store, 10)).isEmpty();
    }
  }

  @Test
  void aCommandThatIsRefusedParksTheInstanceAndGoesOutWhenItIsTriedAgain() {
    append(events(), "a", new Placed("bad"));
    append(events(), "a", new Placed("pen"));
    append(events(), "a/2", new Placed("pen"));
    try (var workers = workers()) {
      assertThatThrownBy(workers::runUntilIdle)
          .isInstanceOf(EventParkedException.class)
          .hasMessageContaining("event 1 of dunning:a ")
          .hasMessageContaining("nobody wants to read");
      assertThat(Dunning.notes(events(), "a")).isEmpty();
      workers.runUntilIdle();
      assertThat(Dunning.notes(events(), "a/2")).containsExactly("pen placed");
      drop();
      workers.runUntilIdle();
      assertThat(Dunning.notes(events(), "a")).containsExactly("pen placed");
    }
  }

  private void drop() {
    ParkedEvents parked = store.parked(dunning());
    parked.drop(parked.list().getFirst(), "the note is not needed");
  }

  @Test
  void theDeadlinesOfAStepWhoseCommandsAreDroppedFire() {
    append(events(), "a", new Placed("bad"));
    try (var workers = workers()) {
      assertThatThrownBy(workers::runUntilIdle).isInstanceOf(EventParkedException.class);
      drop();
      workers.runUntilIdle();
      pass(DAY);
      workers.runUntilIdle();
      assertThat(Dunning.notes(events(), "a")).containsExactly("pay bad", "soon");
    }
  }

  @Test
  void aStepThatCannotBeReadIsDroppedAndNothingStandsStill() {
    var unreadable = Category.of("dunning", EventCodec.json(Shop.NoteEvent.class));
    events()
        .append(
            Append.of(unreadable, "a", ExpectedVersion.any(), List.of(new Shop.Noted("no step"))));
    try (var workers = workers()) {
      assertThatThrownBy(workers::runUntilIdle).isInstanceOf(EventParkedException.class);
      drop();
      workers.runUntilIdle();
      append(events(), "a/2", new Placed("pen"));
      workers.runUntilIdle();
    }
    assertThat(stage("a/2")).contains(Stage.OPEN);
    assertThat(store.parked(dunning()).list()).isEmpty();
  }

  @Test
  void aDeadlineThatCannotBeCountedOrNamedIsRefusedBeforeItIsRecorded() {
    assertThatThrownBy(() -> Step.to("x").deadline("never", Instant.MAX))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'never'")
        .hasMessageContaining("one that is not set");
    assertThatThrownBy(() -> Step.to("x").deadline("ever", Instant.MIN))
        .hasMessageContaining("'ever'");
    assertThatThrownBy(() -> Step.to("x").deadline("late", Deadlines.LAST.plusNanos(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'late'");
    Step.to("x").deadline("first", Deadlines.FIRST).deadline("last", Deadlines.LAST);
    for (String name : List.of("", "a\0b", "x".repeat(65))) {
      assertThatThrownBy(() -> new Step<>("x", List.of(), Map.of(name, clock.instant()), Set.of()))
          .hasMessageContaining("1 to 64 characters");
    }
  }

  @Test
  void manyStepsThatFailAreNotInTheWayOfTheNextDeadline() {
    for (int i = 0; i < 120; i++) {
      append(events(), "route/" + i, new Placed("bug"));
    }
    append(events(), "route/last", new Placed("pen"));
    try (var workers = workers()) {
      workers.runUntilIdle();
      pass(DAY);
      workers.runUntilIdle();
      assertThat(stage("route/last")).contains(Stage.REMINDED);
      assertThat(stage("route/0")).contains(Stage.OPEN);
      for (int i = 0; i < 120; i++) {
        append(events(), "route/" + i, new Placed("pen"));
      }
      workers.runUntilIdle();
      for (int i = 0; i < 120; i++) {
        assertThat(stage("route/" + i)).contains(Stage.REMINDED);
      }
    }
  }

  @Test
  void anInstanceWhoseStreamIsClosedHasEnded() {
    append(events(), "a", new Placed("pen"));
    run();
    events().close(new StreamId("dunning", "a"), ExpectedVersion.any());
    append(events(), "a", new Placed("ink"));
    pass(DAY);
    run();
    assertThat(Dunning.notes(events(), "a")).containsExactly("pen placed");
    assertThat(dunning().overdue(store, 10)).isEmpty();
  }

  @Test
  void withTwoProcessesEachDeadlineFiresOnceAndInTime() {
    var process = Processes.of(new Dunning(events(), Duration.ofMillis(500), StartAt.now()));
    try (var one = ProjectionWorkers.on(store).add(process).lease(Duration.ofSeconds(2)).start();
        var two = ProjectionWorkers.on(store).add(process).lease(Duration.ofSeconds(2)).start()) {
      for (int i = 0; i < 40; i++) {
        append(events(), "o" + i, new Placed("pen"));
      }
      for (int i = 0; i < 40; i++) {
        String order = "o" + i;
        Await.until(
            one.name() + " or " + two.name() + " cancel " + order,
            () -> Dunning.order(events(), order).size() == 2);
      }
    }
    for (int i = 0; i < 40; i++) {
      assertThat(Dunning.notes(events(), "o" + i)).containsExactly("pen placed", "pay pen", "soon");
      assertThat(Dunning.order(events(), "o" + i)).hasSize(2);
    }
  }
}
