package io.refold.sample.guide;

import io.refold.eventstore.Category;
import io.refold.eventstore.CommandRejectedException;
import io.refold.eventstore.Context;
import io.refold.eventstore.Decider;
import io.refold.eventstore.EventCodec;
import io.refold.sample.guide.Orders.OrderCommand.AddLine;
import io.refold.sample.guide.Orders.OrderCommand.Place;
import io.refold.sample.guide.Orders.OrderEvent.LineAdded;
import io.refold.sample.guide.Orders.OrderEvent.Placed;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Positive;
import java.util.List;

/** An order, in the reading order of every aggregate: events, state, commands, decisions. */
public final class Orders {
  public static final Category<OrderEvent> ORDERS =
      Category.of("order", EventCodec.json(OrderEvent.class));

  private Orders() {}

  public sealed interface OrderEvent {
    record LineAdded(String article, int pieces) implements OrderEvent {}

    record Placed() implements OrderEvent {}
  }

  public record OrderState(int lines, boolean placed) {
    static final OrderState EMPTY = new OrderState(0, false);
  }

  public sealed interface OrderCommand {
    record AddLine(@NotBlank String article, @Positive int pieces) implements OrderCommand {}

    record Place() implements OrderCommand {}
  }

  /** Decides for one order. */
  public static final class OrderDecider implements Decider<OrderCommand, OrderState, OrderEvent> {
    @Override
    public OrderState initialState() {
      return OrderState.EMPTY;
    }

    @Override
    public List<OrderEvent> decide(OrderCommand command, OrderState order, Context context) {
      return switch (command) {
        case AddLine line when order.placed() ->
            throw new CommandRejectedException("order-placed", "the order is placed already");
        case AddLine(var article, var pieces) -> List.of(new LineAdded(article, pieces));
        case Place again when order.placed() -> List.of();
        case Place empty when order.lines() == 0 ->
            throw new CommandRejectedException("order-empty", "an order needs a line");
        case Place place -> List.of(new Placed());
      };
    }

    @Override
    public OrderState evolve(OrderState order, OrderEvent event) {
      return switch (event) {
        case LineAdded added -> new OrderState(order.lines() + 1, false);
        case Placed placed -> new OrderState(order.lines(), true);
      };
    }
  }
}
