package io.refold.projections.reactions;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.CommandOptions;
import io.refold.eventstore.CommandRejectedException;
import io.refold.eventstore.Context;
import io.refold.eventstore.Decider;
import io.refold.eventstore.EventCodec;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.Recorded;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Cancelled;
import io.refold.projections.Shop.NoteEvent;
import io.refold.projections.Shop.Noted;
import io.refold.projections.Shop.OrderEvent;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.StartAt;
import java.time.Duration;
import java.util.List;

/**
 * An order that is not paid gets a reminder after a while, and is cancelled after another one. The
 * notes of an order are an aggregate in another partition.
 */
final class Dunning implements BusinessProcess<Dunning.Order, Dunning.Act> {
  private final EventStore events;
  private final Duration patience;
  private final StartAt start;

  Dunning(EventStore events, Duration patience, StartAt start) {
    this.events = events;
    this.patience = patience;
    this.start = start;
  }

  /** How far it is with an order. */
  record Order(Stage stage, String product) {}

  enum Stage {
    UNKNOWN,
    OPEN,
    REMINDED,
    CANCELLED,
    PAID
  }

  sealed interface Act {
    record Note(String text) implements Act {}

    record Cancel() implements Act {}
  }

  /** Every note counts, so one that is sent twice shows. */
  record Notes() implements Decider<Act.Note, Integer, NoteEvent> {
    @Override
    public Integer initialState() {
      return 0;
    }

    @Override
    public List<NoteEvent> decide(Act.Note command, Integer notes, Context context) {
      if (command.text().startsWith("bad")) {
        throw new CommandRejectedException("bad-note", "nobody wants to read " + command.text());
      }
      return List.of(new Noted(command.text()));
    }

    @Override
    public Integer evolve(Integer notes, NoteEvent event) {
      return notes + 1;
    }
  }

  /** Cancels again and again, so a command that is done twice shows. */
  record Orders() implements Decider<Act.Cancel, Integer, OrderEvent> {
    @Override
    public Integer initialState() {
      return 0;
    }

    @Override
    public List<OrderEvent> decide(Act.Cancel command, Integer state, Context context) {
      return List.of(new Cancelled());
    }

    @Override
    public Integer evolve(Integer state, OrderEvent event) {
      return state;
    }
  }

  static String notesOf(String order) {
    return "notes-" + order;
  }

  static List<String> notes(EventStore events, String order) {
    return events
        .history(Shop.NOTES, notesOf(order))
        .map(recorded -> ((Noted) recorded.event()).text())
        .toList();
  }

  static List<OrderEvent> order(EventStore events, String order) {
    return events.history(Shop.ORDERS, order).map(Recorded::event).toList();
  }

  @Override
  public String name() {
    return "dunning";
  }

  @Override
  public StartAt start() {
    return start;
  }

  @Override
  public EventCodec<Order> states() {
    return EventCodec.json(Order.class);
  }

  @Override
  public EventCodec<Act> commands() {
    return EventCodec.json(Act.class);
  }

  @Override
  public Order initialState() {
    return new Order(Stage.UNKNOWN, "");
  }

  @Override
  public List<Trigger<Order, Act>> triggers() {
    return List.of(Trigger.byStream(Shop.ORDERS, this::on));
  }

  private Step<Order, Act> on(Order order, Recorded<OrderEvent> recorded) {
    return switch (recorded.event()) {
      case Placed(var product) ->
          Step.<Order, Act>to(new Order(Stage.OPEN, product))
              .send(notesOf(recorded.id()), new Act.Note(product + " placed"))
              .deadline("reminder", recorded.recordedAt().plus(patience));
      case Paid paid ->
          Step.<Order, Act>to(new Order(Stage.PAID, order.product()))
              .cancel("reminder")
              .cancel("end");
      case Cancelled cancelled -> Step.to(order);
    };
  }

  @Override
  public Step<Order, Act> due(Order order, Deadline deadline) {
    if (order.product().equals("bug")) {
      throw new IllegalStateException("this process has a bug");
    }
    return switch (deadline.name()) {
      case "reminder" ->
          Step.<Order, Act>to(new Order(Stage.REMINDED, order.product()))
              .send(notesOf(deadline.instance()), new Act.Note("pay " + order.product()))
              .send(notesOf(deadline.instance()), new Act.Note("soon"))
              .deadline("end", deadline.due().plus(patience));
      case "end" ->
          Step.<Order, Act>to(new Order(Stage.CANCELLED, order.product()))
              .send(deadline.instance(), new Act.Cancel());
      default -> throw new IllegalArgumentException(deadline.name());
    };
  }

  @Override
  public void send(Outgoing<Act> outgoing, CommandOptions options) {
    switch (outgoing.command()) {
      case Act.Note note ->
          CommandHandler.on(events, Shop.NOTES, new Notes())
              .build()
              .handle(outgoing.to(), note, options);
      case Act.Cancel cancel ->
          CommandHandler.on(events, Shop.ORDERS, new Orders())
              .build()
              .handle(outgoing.to(), cancel, options);
    }
  }
}
