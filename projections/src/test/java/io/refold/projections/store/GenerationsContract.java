package io.refold.projections.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.projections.Await;
import io.refold.projections.ProjectionStore;
import io.refold.projections.store.Generations.Attendance;
import io.refold.projections.store.Generations.Catalog;
import io.refold.projections.store.Generations.Filling;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Generations.Purpose;
import io.refold.projections.store.Generations.Shape;
import io.refold.projections.store.Generations.Start;
import io.refold.projections.store.Generations.Terms;
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

  private Start start(Shape shape, String coordinator, Duration lease) {
    return start(shape, Purpose.REBUILD, coordinator, lease);
  }

  private Start start(Shape shape, Purpose purpose, String coordinator, Duration lease) {
    return generations().start(projection, shape, purpose, Terms.PLAIN, coordinator, lease);
  }

  private static Filling filling(Layout fresh, Layout old) {
    return new Filling(fresh, old, Purpose.REBUILD);
  }

  private static Catalog catalog(Optional<Layout> live, Optional<Filling> rebuild, Layout... gone) {
    return new Catalog(
        live, rebuild, Terms.PLAIN, List.of(gone), live.map(List::of).orElse(List.of()));
  }

  private void introduced(Shape shape) {
    if (start(shape, "introducer", LONG)
        instanceof Start.Started(Filling rebuild, boolean resumed)) {
      assertThat(generations().flip(rebuild)).isTrue();
      return;
    }
    throw new AssertionError("not started");
  }

  private Filling started(String coordinator, Duration lease) {
    Start start = start(SHAPE, coordinator, lease);
    if (start instanceof Start.Started(Filling rebuild, boolean resumed)) {
      return rebuild;
    }
    throw new AssertionError(start);
  }

  @Test
  void theFirstWorkerOfAVersionMakesItsGenerationAndTheOthersFindIt() {
    assertThat(generations().look(projection, 1))
        .isEqualTo(catalog(Optional.empty(), Optional.empty()));
    assertThat(generations().open(projection, SHAPE)).contains(layout(1));
    assertThat(generations().open(projection, new Shape(1, 8, List.of())))
        .as("what is there keeps its shape")
        .contains(layout(1));
    assertThat(generations().look(projection, 1).live()).contains(layout(1));
    assertThat(generations().open(projection, new Shape(2, 8, List.of())))
        .as("a later version is filled before it is read")
        .isEmpty();
    assertThat(generations().look(projection, 2))
        .isEqualTo(
            new Catalog(
                Optional.empty(), Optional.empty(), Terms.PLAIN, List.of(), List.of(layout(1))));
  }

  @Test
  void aRebuildNeedsSomethingToRebuild() {
    assertThat(start(SHAPE, "me", LONG)).isEqualTo(new Start.NothingLive());
  }

  @Test
  void onlyOneRebuildOfAProjectionIsUnderWay() {
    generations().open(projection, SHAPE);
    var rebuild = filling(layout(2), layout(1));
    assertThat(start(SHAPE, "me", LONG)).isEqualTo(new Start.Started(rebuild, false));
    assertThat(start(SHAPE, "other", LONG)).isEqualTo(new Start.Running("me", rebuild));
    assertThat(generations().look(projection, 1).rebuild()).contains(rebuild);
    assertThat(generations().look(projection, 1).live()).contains(layout(1));
  }

  @Test
  void aRebuildWhoseCoordinatorWasNotSeenForItsLeaseIsTakenOver() {
    generations().open(projection, SHAPE);
    Filling rebuild = started("me", Duration.ofMillis(30));
    Await.until(
        "the coordinator's lease expires",
        () -> start(SHAPE, "other", LONG).equals(new Start.Started(rebuild, true)));
    assertThat(generations().keep(rebuild, "me", LONG)).isEmpty();
    assertThat(generations().keep(rebuild, "other", LONG)).contains(Terms.PLAIN);
  }

  @Test
  void aRebuildThatAnOlderVersionLeftBehindIsCancelled() {
    generations().open(projection, SHAPE);
    var newer = new Shape(SHAPE.version() + 1, SHAPE.shards(), SHAPE.indexes());
    introduced(newer);
    Layout live = generations().look(projection, newer.version()).live().orElseThrow();
    Filling left = started("me", Duration.ofMillis(30));

    Await.until(
        "the coordinator's lease expires",
        () -> start(newer, "other", LONG) instanceof Start.Started);

    Filling rebuild = generations().look(projection, newer.version()).rebuild().orElseThrow();
    assertThat(rebuild.old()).isEqualTo(live);
    assertThat(rebuild.fresh().shape()).isEqualTo(newer);
    assertThat(generations().look(projection, 1).gone()).containsExactly(left.fresh());
    assertThat(generations().flip(left)).isFalse();
  }

  @Test
  void aCoordinatorThatKeepsItsRebuildKeepsItFromOthers() {
    generations().open(projection, SHAPE);
    Filling rebuild = started("me", Duration.ofMillis(200));
    assertThat(generations().keep(rebuild, "me", LONG)).contains(Terms.PLAIN);
    assertThat(start(SHAPE, "other", LONG)).isEqualTo(new Start.Running("me", rebuild));
    assertThat(start(SHAPE, "other", Duration.ofMillis(10)))
        .as("a lease further ahead than its length counts as expired")
        .isEqualTo(new Start.Started(rebuild, true));
  }

  @Test
  void aFillingMakesTheFreshGenerationTheOneThatIsReadOnce() {
    generations().open(projection, SHAPE);
    Filling rebuild = started("me", LONG);
    assertThat(generations().flip(rebuild)).isTrue();
    assertThat(generations().look(projection, 1))
        .isEqualTo(catalog(Optional.of(layout(2)), Optional.empty(), layout(1)));
    assertThat(generations().flip(rebuild)).isFalse();
    assertThat(generations().keep(rebuild, "me", LONG)).isEmpty();
    assertThat(generations().cancel(rebuild)).isFalse();
  }

  @Test
  void aCancelledRebuildStaysListedAndItsNumberIsNeverUsedAgain() {
    generations().open(projection, SHAPE);
    Filling rebuild = started("me", LONG);
    assertThat(generations().cancel(rebuild)).isTrue();
    assertThat(generations().cancel(rebuild)).isFalse();
    assertThat(generations().flip(rebuild)).isFalse();
    assertThat(generations().look(projection, 1))
        .isEqualTo(catalog(Optional.of(layout(1)), Optional.empty(), layout(2)));
    assertThat(started("me", LONG)).isEqualTo(filling(layout(3), layout(1)));
  }

  private static final Shape NEWER = new Shape(SHAPE.version() + 1, 8, List.of());

  private Layout newer(int number) {
    return new Layout(new Generation(projection, number), NEWER);
  }

  private Start adopt(Shape shape, String coordinator, Duration lease) {
    return generations().adopt(projection, shape, coordinator, lease);
  }

  @Test
  void aHigherVersionIsFilledBesideTheOneThatIsReadAndReplacesNothing() {
    assertThat(adopt(SHAPE, "me", LONG)).as("nothing is read").isEqualTo(new Start.NothingLive());
    generations().open(projection, SHAPE);
    assertThat(adopt(SHAPE, "me", LONG)).isEqualTo(new Start.NothingLive());
    Filling rebuild = filling(newer(2), layout(1));
    assertThat(rebuild.replaces()).isFalse();
    assertThat(adopt(NEWER, "me", LONG)).isEqualTo(new Start.Started(rebuild, false));
    assertThat(adopt(NEWER, "other", LONG)).isEqualTo(new Start.Running("me", rebuild));
    assertThat(generations().look(projection, 2).live()).isEmpty();

    assertThat(generations().flip(rebuild)).isTrue();

    Catalog catalog = generations().look(projection, 1);
    assertThat(catalog.live()).contains(layout(1));
    assertThat(catalog.gone()).isEmpty();
    assertThat(catalog.read()).containsExactly(layout(1), newer(2));
    assertThat(generations().look(projection, 2).live()).contains(newer(2));
    assertThat(adopt(NEWER, "me", LONG)).isEqualTo(new Start.NothingLive());
    assertThat(generations().open(projection, NEWER)).contains(newer(2));
  }

  @Test
  void aHigherVersionWhoseRebuildWasCancelledWaitsToBeAskedFor() {
    generations().open(projection, SHAPE);
    adopt(NEWER, "me", LONG);
    assertThat(generations().cancel(filling(newer(2), layout(1)))).isTrue();
    assertThat(adopt(NEWER, "me", LONG)).isEqualTo(new Start.NothingLive());
    Filling again = filling(newer(3), layout(1));
    assertThat(start(NEWER, "me", LONG)).isEqualTo(new Start.Started(again, false));
    generations().cancel(again);
    var newest = new Shape(3, 4, List.of());
    assertThat(adopt(newest, "me", LONG)).isInstanceOf(Start.Started.class);
  }

  @Test
  void aLowerVersionWithoutRowsIsFilledOnlyWhenAskedFor() {
    generations().open(projection, NEWER);
    assertThat(generations().open(projection, SHAPE)).isEmpty();
    assertThat(adopt(SHAPE, "me", LONG)).isEqualTo(new Start.NothingLive());
    assertThat(start(SHAPE, "me", LONG))
        .isEqualTo(new Start.Started(filling(layout(2), newer(1)), false));
  }

  @Test
  void fillingsOfTwoVersionsNeverMix() {
    generations().open(projection, SHAPE);
    Filling rebuild = started("me", LONG);
    assertThat(start(NEWER, "other", LONG)).isEqualTo(new Start.Running("me", rebuild));
    assertThat(adopt(NEWER, "other", LONG)).isEqualTo(new Start.Running("me", rebuild));
    assertThat(start(SHAPE, Purpose.VERIFICATION, "other", LONG))
        .isEqualTo(new Start.Running("me", rebuild));
    assertThat(generations().keep(rebuild, "me", Duration.ZERO)).isPresent();
    assertThat(start(SHAPE, Purpose.VERIFICATION, "other", LONG))
        .as("an abandoned rebuild is gone on with, not verified")
        .isEqualTo(new Start.Running("me", rebuild));
    assertThat(adopt(NEWER, "other", LONG))
        .as("somebody of its version may go on with it for a while")
        .isEqualTo(new Start.Running("me", rebuild));
    assertThat(adopt(SHAPE, "mine", LONG)).isEqualTo(new Start.Started(rebuild, true));
    assertThat(generations().keep(rebuild, "mine", Duration.ZERO)).isPresent();
    Await.until(
        "three short leases have passed",
        () -> adopt(NEWER, "other", Duration.ofMillis(30)) instanceof Start.Started);
    assertThat(generations().look(projection, 1).gone()).containsExactly(layout(2));
  }

  @Test
  void whatHasLostItsProcessAndIsOfNoUseToOthersIsCancelledByWhoeverSeesIt() {
    generations().open(projection, SHAPE);
    for (Purpose purpose : List.of(Purpose.VERIFICATION, Purpose.RECOMPUTATION)) {
      assertThat(start(SHAPE, purpose, "me", Duration.ofMillis(30)))
          .isInstanceOf(Start.Started.class);
      Filling left = generations().look(projection, 1).rebuild().orElseThrow();
      assertThat(left.purpose()).isEqualTo(purpose);
      Await.until(
          "it is cancelled", () -> adopt(SHAPE, "other", LONG).equals(new Start.NothingLive()));
      assertThat(generations().look(projection, 1).rebuild()).isEmpty();
      assertThat(generations().look(projection, 1).gone()).contains(left.fresh());
    }
    assertThat(start(NEWER, Purpose.VERIFICATION, "me", LONG))
        .as("there are no rows of that version")
        .isEqualTo(new Start.NothingLive());
  }

  @Test
  void aPausedRebuildIsKeptForItsVersionUntilAnotherOneIsAskedFor() {
    generations().open(projection, SHAPE);
    Filling rebuild = filling(newer(2), layout(1));
    adopt(NEWER, "me", LONG);
    var paused = new Terms(5_000, true, false);
    assertThat(generations().direct(rebuild, paused)).isTrue();
    assertThat(generations().keep(rebuild, "me", Duration.ZERO)).contains(paused);
    Duration over = Duration.ZERO; // as if more than three leases had passed
    assertThat(adopt(SHAPE, "other", over)).isEqualTo(new Start.Running("me", rebuild));
    assertThat(adopt(NEWER, "heir", over)).isEqualTo(new Start.Started(rebuild, true));
    assertThat(generations().look(projection, 2).terms()).isEqualTo(paused);
    assertThat(start(SHAPE, "other", over))
        .as("somebody wants another one")
        .isEqualTo(new Start.Started(filling(layout(3), layout(1)), false));
  }

  @Test
  void aRebuildOfAnotherVersionThatIsNotPausedIsCancelledThreeLeasesAfterItsOwn() {
    generations().open(projection, SHAPE);
    Filling rebuild = filling(newer(2), layout(1));
    adopt(NEWER, "me", LONG);
    assertThat(generations().direct(rebuild, new Terms(5_000, false, false))).isTrue();
    assertThat(generations().keep(rebuild, "me", Duration.ZERO)).isPresent();
    assertThat(adopt(SHAPE, "other", Duration.ZERO)).isEqualTo(new Start.NothingLive());
    assertThat(generations().look(projection, 1).gone()).containsExactly(newer(2));
    assertThat(adopt(NEWER, "me", LONG)).as("with no pace").isInstanceOf(Start.Started.class);
    assertThat(generations().look(projection, 2).terms()).isEqualTo(Terms.PLAIN);
  }

  @Test
  void termsAreRecordedWithTheRebuildAndGoWithIt() {
    generations().open(projection, SHAPE);
    var terms = new Terms(5_000, false, true);
    Start start = generations().start(projection, SHAPE, Purpose.REBUILD, terms, "me", LONG);
    Filling rebuild = filling(layout(2), layout(1));
    assertThat(start).isEqualTo(new Start.Started(rebuild, false));
    assertThat(generations().look(projection, 1).terms()).isEqualTo(terms);
    var paused = new Terms(0, true, false);
    assertThat(generations().direct(rebuild, paused)).isTrue();
    assertThat(generations().look(projection, 2).terms()).isEqualTo(paused);
    assertThat(generations().keep(rebuild, "me", Duration.ZERO)).contains(paused);
    assertThat(start(SHAPE, "other", LONG)).isEqualTo(new Start.Started(rebuild, true));
    assertThat(generations().look(projection, 1).terms()).as("taken over").isEqualTo(paused);
    generations().cancel(rebuild);
    assertThat(generations().look(projection, 1).terms()).isEqualTo(Terms.PLAIN);
    assertThat(generations().direct(rebuild, terms)).isFalse();
  }

  @Test
  void lowerVersionsThatNobodyHasSeenGo() {
    generations().open(projection, SHAPE);
    introduced(NEWER);
    assertThat(generations().retire(projection, 2, LONG)).as("seen just now").isZero();
    assertThat(generations().retire(projection, 1, Duration.ZERO)).as("higher ones stay").isZero();
    Filling rebuild = started("me", LONG);
    assertThat(generations().retire(projection, 2, Duration.ZERO))
        .as("a fresh one is beside it")
        .isZero();
    generations().cancel(rebuild);
    assertThat(generations().retire(projection, 2, Duration.ZERO)).isEqualTo(1);
    Catalog catalog = generations().look(projection, 1);
    assertThat(catalog.live()).isEmpty();
    assertThat(catalog.gone()).containsExactlyInAnyOrder(layout(1), layout(3));
    assertThat(catalog.read()).containsExactly(newer(2));
    assertThat(generations().retire(projection, 2, Duration.ZERO)).as("again").isZero();
  }

  @Test
  void aVersionWithoutRowsOfItsOwnMakesNoOtherGo() {
    generations().open(projection, SHAPE);
    Filling rebuild = filling(newer(2), layout(1));
    assertThat(adopt(NEWER, "me", LONG)).isEqualTo(new Start.Started(rebuild, false));
    assertThat(generations().cancel(rebuild)).isTrue();
    assertThat(generations().retire(projection, 2, Duration.ZERO)).isZero();
    assertThat(generations().look(projection, 1).live()).contains(layout(1));
    assertThat(generations().open(projection, NEWER)).isEmpty();
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
