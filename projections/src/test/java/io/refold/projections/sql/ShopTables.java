package io.refold.projections.sql;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.StreamId;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Cancelled;
import io.refold.projections.Shop.Order;
import io.refold.projections.Shop.OrderEvent;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Shop.Sales;
import io.refold.projections.Shop.SalesByDay;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import javax.sql.DataSource;

/** Orders and sales of the shop in two tables: a row per order, and rows that all orders share. */
final class ShopTables implements SqlProjection {
  /** Code of a test that looks at an event before it is applied, and may refuse it. */
  interface Probe {
    void meet(SqlView view, Recorded<OrderEvent> recorded) throws SQLException;
  }

  /** All that is in the tables. */
  record Content(Map<String, Order> orders, Map<String, Sales> sales) {}

  private final Naming naming;
  private final int version;
  private final AtomicReference<Probe> probe = new AtomicReference<>((view, recorded) -> {});
  private final AtomicReference<Runnable> beforeCreation = new AtomicReference<>(() -> {});

  ShopTables(Naming naming) {
    this(naming, 1);
  }

  ShopTables(Naming naming, int version) {
    this.naming = naming;
    this.version = version;
  }

  ShopTables probe(Probe code) {
    probe.set(code);
    return this;
  }

  ShopTables beforeCreation(Runnable code) {
    beforeCreation.set(code);
    return this;
  }

  @Override
  public String name() {
    return "the \"shop\"";
  }

  @Override
  public int version() {
    return version;
  }

  @Override
  public Naming naming() {
    return naming;
  }

  @Override
  public void create(SqlView view) throws SQLException {
    beforeCreation.get().run();
    view.update(
        """
        CREATE TABLE %s (
          id VARCHAR(256) PRIMARY KEY,
          product VARCHAR(256) NOT NULL,
          cents BIGINT NOT NULL,
          events INTEGER NOT NULL)\
        """
            .formatted(view.table("orders")));
    view.update(
        "CREATE INDEX %s ON %s (product)"
            .formatted(view.index("by_product"), view.table("orders")));
    view.update(
        """
        CREATE TABLE %s (
          bucket VARCHAR(256) PRIMARY KEY,
          orders BIGINT NOT NULL,
          cents BIGINT NOT NULL,
          events BIGINT NOT NULL)\
        """
            .formatted(view.table("sales")));
  }

  @Override
  public List<SqlSource> sources() {
    return List.of(
        SqlSource.byStream(Shop.ORDERS, this::order).whenDeleted(ShopTables::forget),
        SqlSource.shared(Shop.ORDERS, ShopTables::sales)
            .whenDeleted((view, stream) -> {})
            .whenForgotten((view, stream, subject) -> {}));
  }

  private void order(SqlView view, Recorded<OrderEvent> recorded) throws SQLException {
    probe.get().meet(view, recorded);
    String orders = view.table("orders");
    String id = recorded.id();
    switch (recorded.event()) {
      case Placed(var product) ->
          view.update(
              """
              INSERT INTO %s AS o (id, product, cents, events) VALUES (?, ?, 0, 1)
              ON CONFLICT (id) DO UPDATE
              SET product = excluded.product, cents = 0, events = o.events + 1\
              """
                  .formatted(orders),
              id,
              product);
      case Paid(var cents) ->
          view.update(
              """
              INSERT INTO %s AS o (id, product, cents, events) VALUES (?, '', ?, 1)
              ON CONFLICT (id) DO UPDATE
              SET cents = o.cents + excluded.cents, events = o.events + 1\
              """
                  .formatted(orders),
              id,
              cents);
      case Cancelled cancelled -> view.update("DELETE FROM %s WHERE id = ?".formatted(orders), id);
    }
  }

  private static void forget(SqlView view, StreamId stream) throws SQLException {
    view.update("DELETE FROM %s WHERE id = ?".formatted(view.table("orders")), stream.id());
  }

  private static void sales(SqlView view, Recorded<OrderEvent> recorded) throws SQLException {
    String id = recorded.id();
    long placed = recorded.event() instanceof Placed ? 1 : 0;
    long cents = recorded.event() instanceof Paid(long paid) ? paid : 0;
    for (String bucket : List.of("all", "bucket-" + id.charAt(id.length() - 1))) {
      view.update(
          """
          INSERT INTO %s AS s (bucket, orders, cents, events) VALUES (?, ?, ?, 1)
          ON CONFLICT (bucket) DO UPDATE
          SET orders = s.orders + excluded.orders,
              cents = s.cents + excluded.cents,
              events = s.events + 1\
          """
              .formatted(view.table("sales")),
          bucket,
          placed,
          cents);
    }
  }

  /** Reads both tables. */
  static Content content(SqlView view) throws SQLException {
    var orders = new TreeMap<String, Order>();
    Rows.select(
        view.connection(),
        row ->
            orders.put(
                row.getString(1), new Order(row.getString(2), row.getLong(3), row.getInt(4), null)),
        "SELECT id, product, cents, events FROM " + view.table("orders"));
    var sales = new TreeMap<String, Sales>();
    Rows.select(
        view.connection(),
        row ->
            sales.put(row.getString(1), new Sales(row.getLong(2), row.getLong(3), row.getLong(4))),
        "SELECT bucket, orders, cents, events FROM " + view.table("sales"));
    return new Content(orders, sales);
  }

  /** Folds all events afresh, without any of the machinery under test. */
  static Content freshFold(EventStore events) {
    return new Content(
        new TreeMap<>(Shop.freshFold(events, new Orders())),
        new TreeMap<>(Shop.freshFold(events, new SalesByDay())));
  }

  /** Returns the names of all tables in a database but Refold's own. */
  static List<String> tables(DataSource source) throws SQLException {
    try (var connection = source.getConnection()) {
      return new ArrayList<>(
          Rows.select(
              connection,
              row -> row.getString(1) + "." + row.getString(2),
              """
              SELECT table_schema, table_name FROM information_schema.tables
              WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
                AND table_name NOT LIKE 'refold%'
              ORDER BY 1, 2\
              """));
    }
  }
}
