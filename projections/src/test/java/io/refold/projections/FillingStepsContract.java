package io.refold.projections;

import static io.refold.projections.Shop.append;
import static io.refold.projections.Shop.fill;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.EventStore;
import io.refold.projections.PartitionOwner.Step;
import io.refold.projections.RebuildProgress.State;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Layout;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** When what is filled goes on, how it goes, and what it leaves behind, on every store. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class FillingStepsContract {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final Orders orders = new Orders();
  private final RowFormat<?> format = new RowFormat<>(orders);

  /** Returns the store of this test, empty at its beginning. */
  protected abstract ProjectionStore store();

  private EventStore events() {
    return store().events();
  }

  /** Brings one generation up to date, and no other. */
  private void catchUp(Layout layout) {
    var subscription = Subscription.of(store(), format, layout, SharedEvents.alone(events()));
    for (int partition = 0; partition < events().partitions(); partition++) {
      var owner =
          new PartitionOwner(
              subscription, partition, "w", Duration.ofMinutes(1), new Patience(1, () -> true));
      owner.acquire();
      Await.until("it is idle", () -> owner.step() == Step.IDLE);
      owner.release();
    }
  }

  @Test
  void aRebuildThatHasFallenFarBehindDoesNotStopTheRowsYet() {
    fill(events(), "o", 10);
    Layout live =
        store().generations().open("orders", format.shape(store().shards())).orElseThrow();
    RebuildRun run = RebuildRun.start(store(), format, null, "w", LONG);
    run.step();
    catchUp(live);
    catchUp(run.generations().fresh());
    for (int i = 0; i < 30; i++) {
      append(events(), "o1", Stream.generate(() -> new Paid(1)).limit(100).toArray(Paid[]::new));
    }
    catchUp(live);

    run.step();
    assertThat(run.progress().state()).isEqualTo(State.FILLING);
    catchUp(run.generations().fresh());
    run.step();
    assertThat(run.progress().state()).isEqualTo(State.SWITCHING);
    run.step();
    assertThat(run.progress().state()).isEqualTo(State.DONE);
  }

  @Test
  void aVersionThatHasFallenFarBehindIsNotReadYet() {
    fill(events(), "o", 10);
    Layout live =
        store().generations().open("orders", format.shape(store().shards())).orElseThrow();
    GenerationKeys.of(store(), format, live).create();
    var second = new RowFormat<>(new Orders(2, recorded -> {}));
    RebuildRun run = RebuildRun.start(store(), second, null, "w", LONG);
    run.step();
    catchUp(run.generations().fresh());
    for (int i = 0; i < 30; i++) {
      append(events(), "o1", Stream.generate(() -> new Paid(1)).limit(100).toArray(Paid[]::new));
    }

    run.step();
    assertThat(run.progress().state()).isEqualTo(State.FILLING);
    catchUp(run.generations().fresh());
    run.step();
    assertThat(run.progress().state()).isEqualTo(State.DONE);
  }

  @Test
  void whoeverAppendsWithoutPauseDoesNotHoldAPartitionInItsHistory() {
    fill(events(), "o", 10);
    Layout live =
        store().generations().open("orders", format.shape(store().shards())).orElseThrow();
    GenerationKeys.of(store(), format, live).create();
    int partition = append(events(), "o1", new Paid(1)).partition();
    var subscription = Subscription.of(store(), format, live, SharedEvents.alone(events()));
    var owner = new PartitionOwner(subscription, partition, "w", LONG, new Patience(1, () -> true));
    owner.acquire();

    for (int i = 0; i < 20; i++) {
      append(events(), "o1", new Paid(1));
      owner.step();
    }

    assertThat(owner.state()).isEqualTo(PartitionState.RUNNING);
    assertThat(store().subscriptions().outlook(partition, live.generation()).orElseThrow())
        .matches(outlook -> outlook.state().grouped(), "it is handed over")
        .matches(outlook -> outlook.state().settled().equals(outlook.head()), "nothing is left");
  }

  @Test
  void keysThatWereCreatedBehindTheEndOfARebuildAreRemovedByWhoHasCreatedThem() {
    fill(events(), "o", 10);
    RebuildRun sleeper = RebuildRun.start(store(), format, null, "sleeper", LONG);
    Generation fresh = sleeper.fresh();
    assertThat(store().generations().cancel(sleeper.generations())).isTrue();
    assertThat(store().generations().forget(fresh, Duration.ZERO)).isTrue();
    GenerationKeys.of(store(), format, sleeper.generations().fresh()).createAfter(sleeper.old());

    sleeper.step();

    assertThat(sleeper.progress().state()).isEqualTo(State.CANCELLED);
    for (int partition = 0; partition < events().partitions(); partition++) {
      assertThat(store().subscriptions().outlook(partition, fresh)).isEmpty();
    }
    for (int shard = 0; shard < store().shards(); shard++) {
      assertThat(store().views().head(fresh, shard, 0)).isEmpty();
    }
  }

  @Test
  void severalThatAreRebuiltInOnePassKeepToThePaceThatIsSaid() throws Exception {
    fill(events(), "o", 50);
    var sales = new Shop.SalesByDay();
    try (var workers = ProjectionWorkers.on(store()).lease(LONG).add(orders).add(sales).start()) {
      Await.until("all catch up", () -> store().status(orders).caughtUp());
      List<Rebuild> rebuilds =
          workers.rebuild(List.of("orders", "sales"), RebuildOptions.PLAIN.throttle(3));
      for (Rebuild rebuild : rebuilds) {
        var terms = store().generations().look(rebuild.projection(), 1).terms();
        assertThat(terms).isEqualTo(RebuildOptions.PLAIN.throttle(3).terms());
        assertThat(rebuild.throttle(0)).isTrue();
      }
      for (Rebuild rebuild : rebuilds) {
        assertThat(rebuild.await(LONG))
            .map(RebuildProgress::state)
            .isEqualTo(Optional.of(State.DONE));
      }
    }
  }
}
