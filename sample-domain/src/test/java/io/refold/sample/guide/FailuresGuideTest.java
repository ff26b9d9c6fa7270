package io.refold.sample.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.eventstore.Recorded;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.EventParkedException;
import io.refold.projections.ParkedEvents;
import io.refold.projections.Projection;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.Source;
import io.refold.projections.memory.InMemoryProjectionStore;
import io.refold.projections.store.DroppedEvent;
import io.refold.projections.store.ParkedStream;
import io.refold.sample.guide.Orders.OrderCommand.AddLine;
import io.refold.sample.guide.Orders.OrderDecider;
import io.refold.sample.guide.Orders.OrderEvent;
import io.refold.sample.guide.Orders.OrderEvent.LineAdded;
import io.refold.sample.guide.Orders.OrderEvent.Placed;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The code of docs/guides/failures.md does what the guide says. */
class FailuresGuideTest {
  record Weight(int grams) {}

  /** Does not know what an anvil weighs, until it is mended. */
  static final class Weights implements Projection<Weight> {
    final AtomicBoolean mended = new AtomicBoolean();

    @Override
    public String name() {
      return "weights";
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public Class<Weight> rowType() {
      return Weight.class;
    }

    @Override
    public List<Source<Weight>> sources() {
      return List.of(Source.byStream(Orders.ORDERS, this::evolve));
    }

    private Weight evolve(String id, @Nullable Weight weight, Recorded<OrderEvent> recorded) {
      int before = weight == null ? 0 : weight.grams();
      return switch (recorded.event()) {
        case LineAdded line -> new Weight(before + line.pieces() * grams(line.article()));
        case Placed placed -> new Weight(before);
      };
    }

    private int grams(String article) {
      if (article.equals("anvil") && !mended.get()) {
        throw new IllegalStateException("an anvil has no weight");
      }
      return article.equals("anvil") ? 50_000 : 10;
    }
  }

  private final InMemoryEventStore events = new InMemoryEventStore();
  private final ProjectionStore store = InMemoryProjectionStore.on(events);
  private final Weights weights = new Weights();
  private final CommandHandler<Orders.OrderCommand, Orders.OrderState, OrderEvent> orders =
      CommandHandler.on(events, Orders.ORDERS, new OrderDecider()).build();

  private void order() {
    orders.handle("o-1", new AddLine("pen", 1));
    orders.handle("o-1", new AddLine("anvil", 1));
    orders.handle("o-1", new AddLine("pen", 2));
    orders.handle("o-2", new AddLine("pen", 3));
  }

  @Test
  void aFailingEventIsParkedAndListed() throws InterruptedException {
    order();
    try (var workers = ProjectionWorkers.on(store).add(weights).attempts(3).start()) {
      ParkedEvents failures = store.parked(weights);
      while (failures.list().isEmpty() || workers.status().getFirst().lag() > 0) {
        Thread.onSpinWait();
      }
      for (ParkedStream parked : failures.list()) {
        System.out.printf(
            "%s waits from version %d on, since %s, after %d attempts: %s%n",
            parked.stream(), parked.version(), parked.since(), parked.attempts(), parked.error());
      }
      assertThat(store.readModel(weights).find("o-1")).contains(new Weight(10));
      assertThat(store.readModel(weights).find("o-2")).contains(new Weight(30));

      weights.mended.set(true);
      failures.retry(Orders.ORDERS.stream("o-1"));
      failures.retryAll();
      var last = events.head(events.partitionOf(Orders.ORDERS.stream("o-1"))).position();
      while (!failures.list().isEmpty()) {
        Thread.onSpinWait();
      }
      assertThat(store.readModel(weights).find("o-1", last, Duration.ofSeconds(5)))
          .contains(new Weight(50_030));
    }
  }

  @Test
  void anEventCanBeDroppedOnRecord() {
    order();
    try (var workers = DeterministicWorkers.on(store).add(weights)) {
      assertThatThrownBy(workers::runUntilIdle)
          .isInstanceOf(EventParkedException.class)
          .hasMessageContaining("event 2 of order:o-1")
          .hasMessageContaining("an anvil has no weight");

      ParkedEvents failures = store.parked(weights);
      failures.drop(failures.list().getFirst(), "ticket 4711: anvils are not shipped");
      workers.runUntilIdle();

      assertThat(store.readModel(weights).find("o-1")).contains(new Weight(30));
      assertThat(failures.dropped())
          .extracting(DroppedEvent::reason)
          .containsExactly("ticket 4711: anvils are not shipped");
      workers.rebuild(weights);
      assertThat(store.readModel(weights).find("o-1")).contains(new Weight(30));
    }
  }
}
