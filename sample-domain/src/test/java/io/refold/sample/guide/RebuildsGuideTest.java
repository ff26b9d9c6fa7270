package io.refold.sample.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.eventstore.Position;
import io.refold.eventstore.Recorded;
import io.refold.projections.Projection;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.ReadModel;
import io.refold.projections.ReadModelMissingException;
import io.refold.projections.Rebuild;
import io.refold.projections.RebuildOptions;
import io.refold.projections.RebuildProgress;
import io.refold.projections.RunningRebuild;
import io.refold.projections.Source;
import io.refold.projections.Verification;
import io.refold.projections.memory.InMemoryProjectionStore;
import io.refold.sample.guide.Orders.OrderCommand.AddLine;
import io.refold.sample.guide.Orders.OrderCommand.Place;
import io.refold.sample.guide.Orders.OrderDecider;
import io.refold.sample.guide.Orders.OrderEvent;
import io.refold.sample.guide.Orders.OrderEvent.LineAdded;
import io.refold.sample.guide.Orders.OrderEvent.Placed;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The code of docs/guides/rebuilds.md does what the guide says. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RebuildsGuideTest {
  /** What an order comes to. */
  record Parcel(int pieces, boolean placed) {}

  /** Parcels by order. */
  static class Parcels implements Projection<Parcel> {
    @Override
    public String name() {
      return "parcels";
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public Class<Parcel> rowType() {
      return Parcel.class;
    }

    @Override
    public List<Source<Parcel>> sources() {
      return List.of(Source.byStream(Orders.ORDERS, this::evolve));
    }

    protected Parcel evolve(String id, @Nullable Parcel parcel, Recorded<OrderEvent> recorded) {
      int before = parcel == null ? 0 : parcel.pieces();
      return switch (recorded.event()) {
        case LineAdded line -> new Parcel(before + line.pieces(), false);
        case Placed placed -> new Parcel(before, true);
      };
    }
  }

  /** Counts lines, not pieces. */
  static final class ParcelsV2 extends Parcels {
    @Override
    public int version() {
      return 2; // other rows from the same events: a version of its own
    }

    @Override
    protected Parcel evolve(String id, @Nullable Parcel parcel, Recorded<OrderEvent> recorded) {
      int before = parcel == null ? 0 : parcel.pieces();
      return switch (recorded.event()) {
        case LineAdded line -> new Parcel(before + 1, false);
        case Placed placed -> new Parcel(before, true);
      };
    }
  }

  private final InMemoryEventStore events = new InMemoryEventStore();
  private final ProjectionStore store = InMemoryProjectionStore.on(events);
  private final Parcels parcels = new Parcels();
  private final ParcelsV2 parcelsV2 = new ParcelsV2();

  @BeforeEach
  void write() {
    var orders = CommandHandler.on(events, Orders.ORDERS, new OrderDecider()).build();
    for (int i = 0; i < 50; i++) {
      orders.handle("o-" + i, new AddLine("pen", 3));
      orders.handle("o-" + i, new Place());
    }
  }

  @Test
  void aRebuildIsStartedPacedAndAwaited() throws Exception {
    try (var workers = ProjectionWorkers.on(store).add(parcels).start()) {
      RebuildProgress done = workers.rebuild(parcels).await();

      assertThat(done.state()).isEqualTo(RebuildProgress.State.DONE);

      Rebuild rebuild = workers.rebuild(parcels, RebuildOptions.PLAIN.throttle(20_000));
      rebuild.pause();
      rebuild.throttle(50_000);
      rebuild.proceed();
      Optional<RebuildProgress> ended = rebuild.await(Duration.ofMinutes(1));

      assertThat(ended).map(RebuildProgress::state).contains(RebuildProgress.State.DONE);
      assertThat(rebuild.cancel()).isFalse();

      Rebuild tolerant = workers.rebuild(parcels, RebuildOptions.PLAIN.parkFailures());

      assertThat(tolerant.await(Duration.ofMinutes(1))).isPresent();
    }
  }

  @Test
  void aRebuildIsSeenAndCancelledFromElsewhere() throws Exception {
    try (var workers = ProjectionWorkers.on(store).add(parcels).start()) {
      Rebuild rebuild = workers.rebuild(parcels, RebuildOptions.PLAIN.throttle(1));

      Optional<RunningRebuild> running = store.rebuild(parcels);
      running.flatMap(RunningRebuild::progress).ifPresent(System.out::println);
      running.ifPresent(RunningRebuild::cancel);

      assertThat(running).isPresent();
      assertThat(rebuild.await().state()).isEqualTo(RebuildProgress.State.CANCELLED);
    }
  }

  @Test
  void versionsAreDeployedSideBySide() throws Exception {
    try (var blue = ProjectionWorkers.on(store).add(parcels).start()) {
      ReadModel<Parcel> old = store.readModel(parcels);
      ReadModel<Parcel> model = store.readModel(parcelsV2);
      assertThatThrownBy(() -> model.find("o-1"))
          .isInstanceOf(ReadModelMissingException.class)
          .hasMessageContaining("version [1] is read");
      Position newest = events.head(Orders.ORDERS.stream("o-1").partition(16)).position();

      try (var green =
          ProjectionWorkers.on(store)
              .add(parcelsV2)
              .retireVersionsAfter(Duration.ofHours(2))
              .start()) {
        boolean ready = model.awaitReady(Duration.ofMinutes(1));

        assertThat(ready).isTrue();
        assertThat(model.find("o-1")).contains(new Parcel(1, true));
        assertThat(old.find("o-1", newest, Duration.ofSeconds(20))).contains(new Parcel(3, true));
        assertThat(green.status()).hasSize(1);
      }
      assertThat(old.find("o-2")).as(blue.name()).isPresent();
    }
  }

  @Test
  void rowsAreVerifiedAndMended() throws Exception {
    try (var workers = ProjectionWorkers.on(store).add(parcels).start()) {
      Verification found = workers.verify(parcels).await();

      System.out.printf(
          "%,d rows compared, %d differ; they stood still for %d ms%n",
          found.rows(), found.differing().size(), found.stoodStill().toMillis());
      for (Verification.Row row : found.differing()) {
        System.out.printf("%s: is %s, should be %s%n", row.key(), row.live(), row.fresh());
        workers.recompute(parcels, row.key());
      }
      for (Verification.Entry entry : found.entries()) {
        workers.recompute(parcels, entry.key());
      }

      assertThat(found.clean()).isTrue();
      assertThat(workers.recompute(parcels, "o-1")).isEmpty();
    }
  }
}
