package io.refold.projections.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.projections.Shop;
import io.refold.projections.memory.InMemoryProjectionStore;
import io.refold.projections.sql.SqlProjection.Naming;
import io.refold.projections.store.Generation;
import java.sql.SQLException;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** How tables are called, and whose they are. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@EnumSource
class TableNamesTest {
  private final OnePartition one;

  TableNamesTest(Naming naming) {
    one = new OnePartition(new ShopTables(naming));
  }

  /** A projection as a test wants it. */
  private record Sketch(
      String name, int version, Naming naming, List<SqlSource> sources, String ddl)
      implements SqlProjection {
    static Sketch of(String name, Naming naming, String ddl) {
      return new Sketch(name, 1, naming, List.of(source()), ddl);
    }

    static SqlSource source() {
      return SqlSource.byStream(Shop.ORDERS, (view, recorded) -> {});
    }

    @Override
    public void create(SqlView view) throws SQLException {
      view.update(ddl.formatted(view.table("orders")));
    }
  }

  @Test
  void tablesThatCannotBeCreatedLeaveNothingAndSayWhy() throws Exception {
    DataSource fresh = Postgres.fresh();
    EventStore events = new InMemoryEventStore();
    var store = InMemoryProjectionStore.on(events);
    var wrong = SqlReadModel.of(fresh, Sketch.of("wrong", one.projection.naming(), "CREATE %s"));
    assertThatThrownBy(() -> wrong.heads(store).create(new Generation("wrong", 1), 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContainingAll("generation wrong:1", "correct create()", "syntax error");
    var right =
        SqlReadModel.of(
            fresh, Sketch.of("wrong", one.projection.naming(), "CREATE TABLE %s (id INTEGER)"));
    right.heads(store).create(new Generation("wrong", 1), 0);
    assertThat(ShopTables.tables(fresh)).hasSize(1);
    var namesake =
        SqlReadModel.of(
            fresh, Sketch.of("other", Naming.SUFFIX, "CREATE TABLE IF NOT EXISTS %s (id INTEGER)"));
    if (one.projection.naming() == Naming.SUFFIX) {
      assertThatThrownBy(() -> namesake.heads(store).create(new Generation("other", 1), 0))
          .as("tables belong to one projection")
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void twoProjectionsDoNotCallTheirTablesTheSameInOneSchema() throws Exception {
    DataSource fresh = Postgres.fresh();
    var store = InMemoryProjectionStore.on(new InMemoryEventStore());
    Naming naming = one.projection.naming();
    String ddl = "CREATE TABLE %s (id INTEGER)";
    var first = SqlReadModel.of(fresh, Sketch.of("first", naming, ddl)).heads(store);
    var second = SqlReadModel.of(fresh, Sketch.of("second", naming, ddl)).heads(store);
    first.create(new Generation("first", 1), 0);
    first.create(new Generation("first", 2), 0);
    if (naming == Naming.SUFFIX) {
      assertThatThrownBy(() -> second.create(new Generation("second", 7), 0))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll("second:7", "'orders'", "'first'", "Naming.SCHEMA");
      first.delete(new Generation("first", 1), 0, List.of());
      assertThatThrownBy(() -> second.create(new Generation("second", 7), 0))
          .as("as long as there is a generation of the first")
          .isInstanceOf(IllegalStateException.class);
      first.delete(new Generation("first", 2), 0, List.of());
    }
    second.create(new Generation("second", 7), 0);
    assertThat(ShopTables.tables(fresh)).anyMatch(name -> name.contains("_g7"));
  }

  @Test
  void namesThatADatabaseWouldCutOrMisreadAreRefused() throws Exception {
    String longest = "o".repeat(50);
    one.model.read(view -> {
      assertThat(view.table(longest)).contains(longest);
      for (String wrong : List.of("", "Orders", "1st", "a-b", "a\"b", longest + "o")) {
        assertThatThrownBy(() -> view.table(wrong))
            .as(wrong)
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("cannot name a table");
      }
      return true;
    });
    DataSource database = one.database;
    assertThatThrownBy(
            () -> SqlReadModel.of(database, Sketch.of("ü".repeat(26), Naming.SCHEMA, "")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("52 bytes");
    SqlReadModel.of(database, Sketch.of("ü".repeat(25), Naming.SCHEMA, ""));
    SqlReadModel.of(database, Sketch.of("ü".repeat(64), Naming.SUFFIX, ""));
    assertThatThrownBy(() -> SqlReadModel.of(database, Sketch.of("a:b", Naming.SUFFIX, "")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() ->
            SqlReadModel.of(
                database, new Sketch("x", 0, Naming.SUFFIX, List.of(Sketch.source()), "")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> SqlReadModel.of(database, new Sketch("x", 1, Naming.SUFFIX, List.of(), "")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("it has 0");
  }
}
