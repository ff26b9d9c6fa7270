package io.refold.sample.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.DeciderScenario;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.eventstore.Limits;
import io.refold.eventstore.StreamMark;
import io.refold.eventstore.UniqueValues;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.Projection;
import io.refold.projections.ProjectionScenario;
import io.refold.projections.Source;
import io.refold.projections.memory.InMemoryProjectionStore;
import io.refold.sample.guide.Orders.OrderCommand;
import io.refold.sample.guide.Orders.OrderCommand.AddLine;
import io.refold.sample.guide.Orders.OrderCommand.Place;
import io.refold.sample.guide.Orders.OrderDecider;
import io.refold.sample.guide.Orders.OrderEvent;
import io.refold.sample.guide.Orders.OrderEvent.LineAdded;
import io.refold.sample.guide.Orders.OrderEvent.Placed;
import io.refold.sample.guide.Orders.OrderState;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The code of docs/guides/testing.md does what the guide says. */
class TestingGuideTest {
  private final DeciderScenario<OrderCommand, OrderState, OrderEvent> order =
      DeciderScenario.of(new OrderDecider());

  @Test
  void anOrderIsPlacedOnce() {
    order
        .given(new LineAdded("pen", 2))
        .when(new Place())
        .then(new Placed())
        .thenState(new OrderState(1, true))
        .thenIdempotent();
  }

  @Test
  void whatIsNotAllowedIsRefusedWithACode() {
    order.when(new Place()).thenRejected("order-empty");
    order
        .given(new LineAdded("pen", 2), new Placed())
        .when(new AddLine("ink", 1))
        .thenRejected("order-placed");
    order.when(new AddLine(" ", 0)).thenInvalid("article", "pieces");
  }

  @Test
  void anyStateCanBeGivenAtAnyTime() {
    order
        .givenState(new OrderState(3, false), 7)
        .at(Instant.parse("2026-02-03T10:00:00Z"))
        .when(new Place())
        .then(new Placed());
  }

  record Basket(int pieces) {}

  /** Pieces per order. */
  static final class Baskets implements Projection<Basket> {
    @Override
    public String name() {
      return "baskets";
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public Class<Basket> rowType() {
      return Basket.class;
    }

    @Override
    public List<Source<Basket>> sources() {
      return List.of(
          Source.byStream(
              Orders.ORDERS,
              (id, basket, recorded) ->
                  switch (recorded.event()) {
                    case LineAdded(var article, var pieces) ->
                        new Basket((basket == null ? 0 : basket.pieces()) + pieces);
                    case Placed placed -> basket;
                  }));
    }
  }

  @Test
  void aProjectionFoldsEventsToRows() {
    ProjectionScenario.of(new Baskets())
        .given(Orders.ORDERS, "o-1", new LineAdded("pen", 2), new LineAdded("ink", 1))
        .thenRow("o-1", new Basket(3))
        .deleted(Orders.ORDERS, "o-1")
        .thenNoRow("o-1");
  }

  @Test
  void bothSidesRunWithoutServerAndThreads() {
    var clock = Clock.fixed(Instant.parse("2026-02-03T10:00:00Z"), ZoneOffset.UTC);
    var store = new InMemoryEventStore(16, clock, Limits.defaults());
    var projections = InMemoryProjectionStore.on(store);
    var baskets = new Baskets();
    var orders = CommandHandler.on(store, Orders.ORDERS, new OrderDecider()).clock(clock).build();

    try (var workers = DeterministicWorkers.on(projections).add(baskets)) {
      orders.handle("o-1", new AddLine("pen", 2));
      workers.runUntilIdle();
      assertThat(projections.readModel(baskets).find("o-1")).contains(new Basket(2));
    }
    UniqueValues plates = UniqueValues.inMemory(store, "plate", clock);
    assertThat(plates.find("AB 123")).isEmpty();
    assertThat(store.history(Orders.ORDERS, "o-1")).hasSize(1);
    assertThat(StreamMark.of(store.read(Orders.ORDERS.stream("o-1"), 0, 1).getFirst())).isEmpty();
  }
}
