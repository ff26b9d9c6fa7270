package io.refold.sample.guide;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.AppendResult;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Position;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.redis.RedisProjectionStore;
import io.refold.projections.sql.SqlProjection;
import io.refold.projections.sql.SqlReadModel;
import io.refold.projections.sql.SqlSource;
import io.refold.projections.sql.SqlView;
import io.refold.sample.guide.Orders.OrderCommand.AddLine;
import io.refold.sample.guide.Orders.OrderCommand.Place;
import io.refold.sample.guide.Orders.OrderDecider;
import io.refold.sample.guide.Orders.OrderEvent;
import io.refold.sample.guide.Orders.OrderEvent.LineAdded;
import io.refold.sample.guide.Orders.OrderEvent.Placed;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The code of docs/guides/sql-views.md does what the guide says. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SqlViewsGuideTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  @TempDir
  @SuppressWarnings("NullAway.Init") // given before the first test
  static Path directory;

  private static @Nullable EmbeddedPostgres postgres;
  private static @Nullable EmbeddedRedis redis;

  @BeforeAll
  static void open() {
    System.setProperty("ot.epg.working-dir", directory.toString());
    try {
      postgres = EmbeddedPostgres.start();
    } catch (IOException | RuntimeException | LinkageError e) {
      Assumptions.abort("PostgreSQL cannot be started here: " + e);
    }
    redis = EmbeddedRedis.start();
  }

  @AfterAll
  static void close() throws IOException {
    if (redis != null) {
      redis.close();
    }
    if (postgres != null) {
      postgres.close();
    }
  }

  /** Pieces per article, and the state of each order. */
  static final class Sales implements SqlProjection {
    @Override
    public String name() {
      return "sales";
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public void create(SqlView view) throws SQLException {
      view.update(
          "CREATE TABLE %s (id VARCHAR(256) PRIMARY KEY, placed BOOLEAN NOT NULL)"
              .formatted(view.table("orders")));
      view.update(
          "CREATE TABLE %s (article VARCHAR(100) PRIMARY KEY, pieces BIGINT NOT NULL)"
              .formatted(view.table("articles")));
      view.update(
          "CREATE INDEX %s ON %s (pieces)"
              .formatted(view.index("by_pieces"), view.table("articles")));
    }

    @Override
    public List<SqlSource> sources() {
      return List.of(
          SqlSource.byStream(Orders.ORDERS, this::order).whenDeleted(this::deleted),
          SqlSource.shared(Orders.ORDERS, this::article).whenDeleted((view, order) -> {}));
    }

    private void order(SqlView view, Recorded<OrderEvent> recorded) throws SQLException {
      switch (recorded.event()) {
        case LineAdded added when recorded.version() == 1 ->
            view.update(
                "INSERT INTO %s (id, placed) VALUES (?, FALSE)".formatted(view.table("orders")),
                recorded.id());
        case LineAdded added -> {}
        case Placed placed ->
            view.update(
                "UPDATE %s SET placed = TRUE WHERE id = ?".formatted(view.table("orders")),
                recorded.id());
      }
    }

    private void article(SqlView view, Recorded<OrderEvent> recorded) throws SQLException {
      if (recorded.event() instanceof LineAdded(var article, var pieces)) {
        view.update(
            """
            INSERT INTO %s AS a (article, pieces) VALUES (?, ?)
            ON CONFLICT (article) DO UPDATE SET pieces = a.pieces + excluded.pieces\
            """
                .formatted(view.table("articles")),
            article,
            pieces);
      }
    }

    private void deleted(SqlView view, StreamId order) throws SQLException {
      view.update("DELETE FROM %s WHERE id = ?".formatted(view.table("orders")), order.id());
    }
  }

  private static long pieces(SqlView view, String article) throws SQLException {
    try (var query =
        view.connection()
            .prepareStatement(
                "SELECT pieces FROM %s WHERE article = ?".formatted(view.table("articles")))) {
      query.setString(1, article);
      try (var rows = query.executeQuery()) {
        return rows.next() ? rows.getLong(1) : 0;
      }
    }
  }

  private static long orders(SqlView view) throws SQLException {
    try (var query =
            view.connection().prepareStatement("SELECT COUNT(*) FROM " + view.table("orders"));
        var rows = query.executeQuery()) {
      return rows.next() ? rows.getLong(1) : 0;
    }
  }

  private static Position deleted(EventStore events, String order) {
    return events.delete(Orders.ORDERS.stream(order), ExpectedVersion.any())
            instanceof AppendResult.Appended appended
        ? appended.position()
        : Position.origin(0);
  }

  @Test
  void tablesFollowTheEventsAndAreRebuilt() throws Exception {
    if (postgres == null || redis == null) {
      throw new AssertionError("both were started");
    }
    DataSource dataSource = postgres.getPostgresDatabase();
    try (RedisEventStore events = RedisEventStore.connect(redis.url());
        var store = RedisProjectionStore.on(events)) {
      var orders = CommandHandler.on(events, Orders.ORDERS, new OrderDecider()).build();
      var sales = SqlReadModel.of(dataSource, new Sales());
      try (var workers = ProjectionWorkers.on(store).add(sales).start()) {
        var handled = orders.handle("o-1", new AddLine("pen", 2));
        long pens = sales.read(store, handled.position(), SOON, view -> pieces(view, "pen"));
        assertThat(pens).isEqualTo(2);
        orders.handle("o-1", new Place());
        orders.handle("o-2", new AddLine("pen", 3));

        workers.rebuild(sales).await();

        try (var connection = dataSource.getConnection()) {
          connection.setAutoCommit(false);
          SqlView live = sales.live(connection);
          assertThat(live.generation()).isEqualTo(2);
          assertThat(pieces(live, "pen")).isEqualTo(5);
          assertThat(orders(live)).isEqualTo(2);
        }
        Position deletion = deleted(events, "o-1");
        long left = sales.read(store, deletion, SOON, SqlViewsGuideTest::orders);
        assertThat(left).isOne();
        pens = sales.read(view -> pieces(view, "pen"));
        assertThat(pens).isEqualTo(5);
      }
    }
  }
}
