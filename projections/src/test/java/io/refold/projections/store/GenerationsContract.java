package io.refold.projections.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.projections.Await;
import io.refold.projections.ProjectionStore;
import io.refold.projections.store.Generations.Attendance;
import io.refold.projections.store.Generations.Catalog;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Generations.Shape;
import io.refold.projections.store.Generations.Start;
import io.refold.projections.store.Generations.Switch;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which generations there are and who works on them, verb by verb. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class GenerationsContract {
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Shape SHAPE = new Shape(1, 4, List.of("by \"x\"", "ä"));

  private final String projection = "p" + UUID.randomUUID();

  /** Returns a store; it may hold other tests' generations. */
  protected abstract ProjectionStore store();

  private Generations generations() {
    return store().generations();
  }

  private Layout layout(int number) {
    return new Layout(new Generation(projection, number), SHAPE);
  }

  private Switch started(String coordinator, Duration lease) {
    Start start = generations().start(projection, SHAPE, coordinator, lease);
    if (start instanceof Start.Started(Switch rebuild, boolean resumed)) {
      return rebuild;
    }
    throw new AssertionError(start);
  }

  @Test
  void theFirstWorkerOfAVersionMakesItsGenerationAndTheOthersFindIt() {
    assertThat(generations().look(projection, 1))
        .isEqualTo(new Catalog(Optional.empty(), Optional.empty(), List.of()));
    assertThat(generations().open(projection, SHAPE)).isEqualTo(layout(1));
    assertThat(generations().open(projection, new Shape(1, 8, List.of())))
        .as("what is there keeps its shape")
        .isEqualTo(layout(1));
    assertThat(generations().look(projection, 1).live()).contains(layout(1));
    var next = new Shape(2, 8, List.of());
    assertThat(generations().open(projection, next))
        .isEqualTo(new Layout(new Generation(projection, 2), next));
    assertThat(generations().look(projection, 1).live()).contains(layout(1));
  }

  @Test
  void aRebuildNeedsSomethingToRebuild() {
    assertThat(generations().start(projection, SHAPE, "me", LONG))
        .isEqualTo(new Start.NothingLive());
  }

  @Test
  void onlyOneRebuildOfAProjectionIsUnderWay() {
    generations().open(projection, SHAPE);
    var rebuild = new Switch(layout(2), layout(1));
    assertThat(generations().start(projection, SHAPE, "me", LONG))
        .isEqualTo(new Start.Started(rebuild, false));
    assertThat(generations().start(projection, SHAPE, "other", LONG))
        .isEqualTo(new Start.Running("me"));
    assertThat(generations().look(projection, 1).rebuild()).contains(rebuild);
    assertThat(generations().look(projection, 1).live()).contains(layout(1));
  }

  @Test
  void aRebuildWhoseCoordinatorWasNotSeenForItsLeaseIsTakenOver() {
    generations().open(projection, SHAPE);
    Switch rebuild = started("me", Duration.ofMillis(30));
    Await.until(
        "the coordinator's lease expires",
        () ->
            generations()
                .start(projection, SHAPE, "other", LONG)
                .equals(new Start.Started(rebuild, true)));
    assertThat(generations().keep(rebuild, "me", LONG)).isFalse();
    assertThat(generations().keep(rebuild, "other", LONG)).isTrue();
  }

  @Test
  void aRebuildThatAnOlderVersionLeftBehindIsCancelled() {
    generations().open(projection, SHAPE);
    var newer = new Shape(SHAPE.version() + 1, SHAPE.shards(), SHAPE.indexes());
    Layout live = generations().open(projection, newer);
    Switch left = started("me", Duration.ofMillis(30));

    Await.until(
        "the coordinator's lease expires",
        () -> generations().start(projection, newer, "other", LONG) instanceof Start.Started);

    Switch rebuild = generations().look(projection, newer.version()).rebuild().orElseThrow();
    assertThat(rebuild.old()).isEqualTo(live);
    assertThat(rebuild.fresh().shape()).isEqualTo(newer);
    assertThat(generations().look(projection, 1).gone()).containsExactly(left.fresh());
    assertThat(generations().flip(left)).isFalse();
  }

  @Test
  void aCoordinatorThatKeepsItsRebuildKeepsItFromOthers() {
    generations().open(projection, SHAPE);
    Switch rebuild = started("me", Duration.ofMillis(200));
    assertThat(generations().keep(rebuild, "me", LONG)).isTrue();
    assertThat(generations().start(projection, SHAPE, "other", LONG))
        .isEqualTo(new Start.Running("me"));
    assertThat(generations().start(projection, SHAPE, "other", Duration.ofMillis(10)))
        .as("a lease further ahead than its length counts as expired")
        .isEqualTo(new Start.Started(rebuild, true));
  }

  @Test
  void aSwitchMakesTheFreshGenerationTheOneThatIsReadOnce() {
    generations().open(projection, SHAPE);
    Switch rebuild = started("me", LONG);
    assertThat(generations().flip(rebuild)).isTrue();
    assertThat(generations().look(projection, 1))
        .isEqualTo(new Catalog(Optional.of(layout(2)), Optional.empty(), List.of(layout(1))));
    assertThat(generations().flip(rebuild)).isFalse();
    assertThat(generations().keep(rebuild, "me", LONG)).isFalse();
    assertThat(generations().cancel(rebuild)).isFalse();
  }

  @Test
  void aCancelledRebuildStaysListedAndItsNumberIsNeverUsedAgain() {
    generations().open(projection, SHAPE);
    Switch rebuild = started("me", LONG);
    assertThat(generations().cancel(rebuild)).isTrue();
    assertThat(generations().cancel(rebuild)).isFalse();
    assertThat(generations().flip(rebuild)).isFalse();
    assertThat(generations().look(projection, 1))
        .isEqualTo(new Catalog(Optional.of(layout(1)), Optional.empty(), List.of(layout(2))));
    assertThat(started("me", LONG)).isEqualTo(new Switch(layout(3), layout(1)));
  }

  @Test
  void whatIsGoneIsForgottenWhenItIsOldEnough() {
    generations().open(projection, SHAPE);
    generations().cancel(started("me", LONG));
    generations().cancel(started("me", LONG));
    assertThat(generations().forget(layout(2).generation(), LONG)).isFalse();
    assertThat(generations().look(projection, 1).gone())
        .containsExactlyInAnyOrder(layout(2), layout(3));
    assertThat(generations().forget(layout(2).generation(), Duration.ZERO)).isTrue();
    assertThat(generations().look(projection, 1).gone()).containsExactly(layout(3));
    assertThat(generations().forget(layout(2).generation(), LONG)).as("again").isTrue();
    assertThat(generations().forget(layout(3).generation(), Duration.ZERO)).isTrue();
    assertThat(generations().look(projection, 1).gone()).isEmpty();
  }

  @Test
  void workersThatAreAliveAreRankedByName() {
    Generation generation = layout(1).generation();
    assertThat(generations().attend(generation, "b", LONG)).isEqualTo(new Attendance(0, 1));
    assertThat(generations().attend(generation, "a", LONG)).isEqualTo(new Attendance(0, 2));
    assertThat(generations().attend(generation, "c", LONG)).isEqualTo(new Attendance(2, 3));
    assertThat(generations().attend(generation, "b", LONG)).isEqualTo(new Attendance(1, 3));
    generations().leave(generation, "a");
    assertThat(generations().attend(generation, "b", LONG)).isEqualTo(new Attendance(0, 2));
    generations().dismiss(generation);
    assertThat(generations().attend(generation, "b", LONG)).isEqualTo(new Attendance(0, 1));
  }

  @Test
  void aWorkerThatIsSilentForItsLeaseCountsNoMore() {
    Generation generation = layout(1).generation();
    generations().attend(generation, "a", Duration.ofMillis(30));
    Await.until(
        "a is forgotten",
        () -> generations().attend(generation, "b", LONG).equals(new Attendance(0, 1)));
    assertThat(generations().attend(generation, "c", Duration.ofSeconds(1)))
        .as("one that is due further ahead than a lease, too")
        .isEqualTo(new Attendance(0, 1));
  }

  @Test
  void sharesAddUpToAllPartitions() {
    for (int workers = 1; workers <= 20; workers++) {
      int sum = 0;
      for (int rank = 0; rank < workers; rank++) {
        int share = new Attendance(rank, workers).share(16);
        assertThat(share).isBetween(16 / workers, 16 / workers + 1);
        sum += share;
      }
      assertThat(sum).isEqualTo(16);
    }
  }
}
