package io.refold.projections;

import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.Category;
import io.refold.eventstore.EventCodec;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Position;
import io.refold.eventstore.Recorded;
import io.refold.projections.store.Parking;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Orders of a shop, with projections of both kinds: the domain of this module's tests. */
public final class Shop {
  public static final Category<OrderEvent> ORDERS =
      Category.of("order", EventCodec.json(OrderEvent.class));
  public static final Category<NoteEvent> NOTES =
      Category.of("note", EventCodec.json(NoteEvent.class));

  private Shop() {}

  public sealed interface OrderEvent {}

  public record Placed(String product) implements OrderEvent {}

  public record Paid(long cents) implements OrderEvent {}

  public record Cancelled() implements OrderEvent {}

  public sealed interface NoteEvent {}

  public record Noted(String text) implements NoteEvent {}

  /** A row per order. */
  public record Order(String product, long cents, int events, @Nullable String note) {}

  /** A row per product, shared by all orders. */
  public record Sales(long orders, long cents, long events) {}

  /** Orders by id; a cancelled one is deleted, and may be placed again. */
  public static class Orders implements Projection<Order> {
    private final int version;
    private final Consumer<Recorded<OrderEvent>> probe;

    public Orders() {
      this(1, recorded -> {});
    }

    public Orders(int version, Consumer<Recorded<OrderEvent>> probe) {
      this.version = version;
      this.probe = probe;
    }

    @Override
    public String name() {
      return "orders";
    }

    @Override
    public int version() {
      return version;
    }

    @Override
    public Class<Order> rowType() {
      return Order.class;
    }

    @Override
    public List<Source<Order>> sources() {
      return List.of(Source.byStream(ORDERS, this::evolve), Source.byStream(NOTES, Orders::note));
    }

    @Override
    public List<Index<Order>> indexes() {
      return List.of(
          Index.ofLong("cents", order -> order.cents() == 0 ? null : order.cents()),
          Index.ofString("product", Order::product));
    }

    private @Nullable Order evolve(
        String id, @Nullable Order order, Recorded<OrderEvent> recorded) {
      probe.accept(recorded);
      Order before = order == null ? new Order("", 0, 0, null) : order;
      return switch (recorded.event()) {
        case Placed(var product) -> new Order(product, 0, before.events() + 1, before.note());
        case Paid(var cents) ->
            new Order(before.product(), before.cents() + cents, before.events() + 1, before.note());
        case Cancelled cancelled -> null;
      };
    }

    private static @Nullable Order note(
        String id, @Nullable Order order, Recorded<NoteEvent> recorded) {
      return switch (recorded.event()) {
        case Noted(var text) ->
            order == null ? null : new Order(order.product(), order.cents(), order.events(), text);
      };
    }
  }

  /** Counts per product letter and in all: rows that all partitions share. */
  public static class SalesByDay implements Projection<Sales> {
    @Override
    public String name() {
      return "sales";
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public Class<Sales> rowType() {
      return Sales.class;
    }

    @Override
    public List<Source<Sales>> sources() {
      return List.of(Source.keyed(ORDERS, SalesByDay::keys, SalesByDay::evolve));
    }

    @Override
    public List<Index<Sales>> indexes() {
      return List.of(Index.ofLong("events", Sales::events));
    }

    private static List<String> keys(Recorded<OrderEvent> recorded) {
      return List.of("all", "bucket-" + recorded.id().charAt(recorded.id().length() - 1));
    }

    private static Sales evolve(String key, @Nullable Sales sales, Recorded<OrderEvent> recorded) {
      Sales before = sales == null ? new Sales(0, 0, 0) : sales;
      return switch (recorded.event()) {
        case Placed placed -> new Sales(before.orders() + 1, before.cents(), before.events() + 1);
        case Paid(var cents) ->
            new Sales(before.orders(), before.cents() + cents, before.events() + 1);
        case Cancelled cancelled -> new Sales(before.orders(), before.cents(), before.events() + 1);
      };
    }
  }

  /** Appends events to an order, whatever its version. */
  public static Position append(EventStore events, String id, OrderEvent... written) {
    return position(events.append(Append.of(ORDERS, id, ExpectedVersion.any(), List.of(written))));
  }

  public static Position position(AppendResult result) {
    return switch (result) {
      case AppendResult.Appended appended -> appended.position();
      case AppendResult.Conflict conflict -> throw new AssertionError(conflict);
      case AppendResult.Refused refused -> throw new AssertionError(refused);
      case AppendResult.Unknown unknown -> throw new AssertionError(unknown);
    };
  }

  /** Appends a few events to each of some orders, deleting and placing some again. */
  public static void fill(EventStore events, String prefix, int orders) {
    for (int i = 0; i < orders; i++) {
      String id = prefix + i;
      append(events, id, new Placed("product-" + i % 7));
      append(events, id, new Paid(i), new Paid(1));
      if (i % 5 == 0) {
        append(events, id, new Cancelled());
      }
      if (i % 10 == 0) {
        append(events, id, new Placed("again"), new Paid(7));
      }
    }
  }

  /** Folds a projection over all events afresh, without any of the machinery under test. */
  public static <V> Map<String, V> freshFold(EventStore events, Projection<V> projection) {
    var rows = new HashMap<String, V>();
    var states = new StreamStates(events::read);
    for (int partition = 0; partition < events.partitions(); partition++) {
      long after = 0;
      while (true) {
        var log = events.readLog(partition, after, 1_000);
        if (log.isEmpty()) {
          break;
        }
        after = log.getLast().position().sequence();
        for (var stored : events.fetch(log, category -> true)) {
          for (Source<V> source : projection.sources()) {
            if (source.category().equals(stored.stream().category())) {
              for (var touch : source.touches(stored, states, Parking.NONE)) {
                rows.compute(touch.key(), (key, row) -> touch.apply(row));
              }
            }
          }
        }
      }
    }
    return rows;
  }

  public static <V> Map<String, V> rows(ReadModel<V> model) {
    var rows = new TreeMap<String, V>();
    var all = new ArrayList<Row<V>>();
    model.stream().forEach(all::add);
    all.forEach(row -> rows.put(row.key(), row.value()));
    return rows;
  }
}
