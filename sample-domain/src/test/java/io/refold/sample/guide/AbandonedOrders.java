package io.refold.sample.guide;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.CommandOptions;
import io.refold.eventstore.EventCodec;
import io.refold.eventstore.Recorded;
import io.refold.projections.StartAt;
import io.refold.projections.reactions.BusinessProcess;
import io.refold.projections.reactions.Deadline;
import io.refold.projections.reactions.Outgoing;
import io.refold.projections.reactions.Step;
import io.refold.projections.reactions.Trigger;
import io.refold.sample.guide.Inboxes.Message;
import io.refold.sample.guide.Inboxes.MessageReceived;
import io.refold.sample.guide.Orders.OrderEvent;
import io.refold.sample.guide.Orders.OrderEvent.LineAdded;
import io.refold.sample.guide.Orders.OrderEvent.Placed;
import java.time.Duration;
import java.util.List;

/** Who fills an order and does not place it within a day gets a message. */
public final class AbandonedOrders implements BusinessProcess<AbandonedOrders.Cart, Message> {
  private final CommandHandler<Message, Integer, MessageReceived> inboxes;

  public record Cart(String lastArticle) {}

  public AbandonedOrders(CommandHandler<Message, Integer, MessageReceived> inboxes) {
    this.inboxes = inboxes;
  }

  @Override
  public String name() {
    return "abandoned-orders";
  }

  @Override
  public StartAt start() {
    return StartAt.now();
  }

  @Override
  public EventCodec<Cart> states() {
    return EventCodec.json(Cart.class);
  }

  @Override
  public EventCodec<Message> commands() {
    return EventCodec.json(Message.class);
  }

  @Override
  public Cart initialState() {
    return new Cart("");
  }

  @Override
  public List<Trigger<Cart, Message>> triggers() {
    return List.of(Trigger.byStream(Orders.ORDERS, this::on));
  }

  private Step<Cart, Message> on(Cart cart, Recorded<OrderEvent> recorded) {
    return switch (recorded.event()) {
      case LineAdded(var article, var pieces) ->
          Step.<Cart, Message>to(new Cart(article))
              .deadline("abandoned", recorded.recordedAt().plus(Duration.ofDays(1)));
      case Placed placed -> Step.<Cart, Message>to(cart).cancel("abandoned");
    };
  }

  @Override
  public Step<Cart, Message> due(Cart cart, Deadline deadline) {
    var message = new Message("still want the %s?".formatted(cart.lastArticle()));
    return Step.<Cart, Message>to(cart).send(deadline.instance(), message);
  }

  @Override
  public void send(Outgoing<Message> outgoing, CommandOptions options) {
    inboxes.handle(outgoing.to(), outgoing.command(), options);
  }
}
