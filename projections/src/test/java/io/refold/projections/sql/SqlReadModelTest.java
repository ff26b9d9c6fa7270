package io.refold.projections.sql;

import static io.refold.projections.Shop.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.Await;
import io.refold.projections.ReadModelMissingException;
import io.refold.projections.Shop.Placed;
import io.refold.projections.sql.SqlProjection.Naming;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Layout;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransactionRollbackException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Generations of tables in a database, and what readers see of them. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@EnumSource
class SqlReadModelTest {
  private static final Duration SOON = Duration.ofSeconds(30);

  private final OnePartition one;

  SqlReadModelTest(Naming naming) {
    one = new OnePartition(new ShopTables(naming));
  }

  private Generation generation(int number) {
    return new Generation(one.projection.name(), number);
  }

  private void show(int number) {
    one.heads.show(new Layout(generation(number), one.model.shape(1)));
  }

  private int shown() throws SQLException {
    return one.model.read(SqlView::generation);
  }

  private boolean blocked() {
    try (var connection = one.database.getConnection()) {
      return !Rows.select(
              connection,
              row -> true,
              """
              SELECT 1 FROM pg_stat_activity
              WHERE datname = current_database() AND wait_event_type = 'Lock'\
              """)
          .isEmpty();
    } catch (SQLException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void generationsThatAreCreatedAtTheSameTimeShareTheNamesOfTheirTables() {
    var met = new CountDownLatch(2);
    var projection =
        new ShopTables(one.projection.naming())
            .beforeCreation(() -> {
              met.countDown();
              assertThat(met).satisfies(both -> both.await(SOON.toSeconds(), TimeUnit.SECONDS));
            });
    var heads = SqlReadModel.of(Postgres.fresh(), projection).heads(one.store);
    try (var threads = Executors.newFixedThreadPool(2)) {
      var first = threads.submit(() -> heads.create(generation(1), 0));
      var second = threads.submit(() -> heads.create(generation(2), 0));
      assertThat(first).succeedsWithin(SOON);
      assertThat(second).succeedsWithin(SOON);
    }
    assertThat(met.getCount()).isZero();
  }

  @Test
  void generationsStandBesideEachOtherAndLeaveNothing() throws Exception {
    one.heads.create(generation(2), 0);
    one.heads.create(generation(2), 0);
    List<String> tables = ShopTables.tables(one.database);
    assertThat(tables).hasSize(4);
    assertThat(tables).anyMatch(name -> name.matches("public.orders_g2|the \"shop\"_g2.orders"));
    one.heads.delete(generation(1), 0, List.of());
    one.heads.delete(generation(1), 0, List.of());
    assertThat(ShopTables.tables(one.database)).hasSize(2).isSubsetOf(tables);
    one.heads.delete(generation(2), 0, List.of());
    assertThat(ShopTables.tables(one.database)).isEmpty();
    try (var connection = one.database.getConnection()) {
      assertThat(
              Rows.select(
                  connection,
                  row -> row.getString(1),
                  "SELECT schema_name FROM information_schema.schemata"
                      + " WHERE schema_name LIKE '%shop%'"))
          .isEmpty();
      for (String own : List.of("generation", "table", "name", "head", "live")) {
        assertThat(Rows.select(connection, row -> true, "SELECT 1 FROM refold_" + own))
            .as(own)
            .isEmpty();
      }
    }
  }

  @Test
  void manyProcessesCreateAGenerationOnce() throws Exception {
    DataSource fresh = Postgres.fresh();
    var creating = new ArrayList<CompletableFuture<Void>>();
    for (int i = 0; i < 8; i++) {
      var model = SqlReadModel.of(fresh, one.projection);
      creating.add(
          CompletableFuture.runAsync(
              () -> {
                model.heads(one.store).create(generation(1), 0);
                model.heads(one.store).show(one.layout());
              },
              task -> Thread.ofVirtual().start(task)));
    }
    CompletableFuture.allOf(creating.toArray(CompletableFuture[]::new)).get(30, TimeUnit.SECONDS);
    assertThat(ShopTables.tables(fresh)).hasSize(2);
    assertThat(SqlReadModel.of(fresh, one.projection).read(SqlView::generation)).isEqualTo(1);
  }

  @Test
  void readersOnlyEverGoForward() throws Exception {
    one.heads.create(generation(2), 0);
    assertThat(shown()).isEqualTo(1);
    show(2);
    assertThat(shown()).isEqualTo(2);
    show(1);
    assertThat(shown()).as("told late").isEqualTo(2);
  }

  @Test
  void aReaderKeepsItsTablesUntilItsTransactionEnds() throws Exception {
    append(one.events, "a", new Placed("pen"));
    one.apply(one.lease("me", 1), 0, 1);
    one.heads.create(generation(2), 0);
    one.model.read(view -> {
      show(2);
      assertThatThrownBy(() -> one.heads.delete(generation(1), 0, List.of()))
          .as("nobody is kept waiting for a long query")
          .isInstanceOf(StoreUnavailableException.class);
      assertThat(ShopTables.content(view).orders()).containsOnlyKeys("a");
      assertThat(ShopTables.content(view).sales()).hasSize(2);
      return true;
    });
    assertThat(shown()).isEqualTo(2);
    one.heads.delete(generation(1), 0, List.of());
    assertThat(ShopTables.tables(one.database)).hasSize(2);
  }

  @Test
  void aRoleThatMayOnlyReadReads() throws Exception {
    try (var connection = one.database.getConnection()) {
      String role = "reader" + UUID.randomUUID().toString().replace("-", "");
      Rows.execute(connection, "CREATE ROLE " + role);
      Rows.execute(connection, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO " + role);
      if (one.projection.naming() == Naming.SCHEMA) {
        String schema = "\"the \"\"shop\"\"_g1\"";
        Rows.execute(connection, "GRANT USAGE ON SCHEMA %s TO %s".formatted(schema, role));
        Rows.execute(
            connection, "GRANT SELECT ON ALL TABLES IN SCHEMA %s TO %s".formatted(schema, role));
      }
      Rows.execute(connection, "SET ROLE " + role);
      connection.setAutoCommit(false);
      connection.setReadOnly(true);
      assertThat(ShopTables.content(one.model.live(connection)).orders()).isEmpty();
    }
  }

  @Test
  void aReaderWhoseTablesGoBeforeItHoldsThemReadsTheNextOnes() throws Exception {
    one.heads.create(generation(2), 0);
    try (var reader = one.database.getConnection();
        var dropper = one.database.getConnection()) {
      reader.setAutoCommit(false);
      String table = one.model.live(reader).table("orders");
      reader.rollback();
      dropper.setAutoCommit(false);
      Rows.execute(dropper, "DROP TABLE " + table);
      var reading =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return one.model.live(reader).generation();
                } catch (SQLException e) {
                  throw new AssertionError(e);
                }
              },
              task -> Thread.ofVirtual().start(task));
      Await.until("the reader waits for the table", this::blocked);
      Rows.execute(dropper, "UPDATE refold_live SET generation = 2");
      dropper.commit();
      assertThat(reading.get(20, TimeUnit.SECONDS)).isEqualTo(2);
    }
  }

  @Test
  void aTransactionThatCannotSeeTheSwitchIsToldToRunAgain() throws Exception {
    one.heads.create(generation(2), 0);
    try (var reader = one.database.getConnection()) {
      reader.setAutoCommit(false);
      reader.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
      Rows.select(reader, row -> true, "SELECT 1 FROM refold_live");
      show(2);
      one.heads.delete(generation(1), 0, List.of());
      assertThatThrownBy(() -> one.model.live(reader))
          .isInstanceOf(SQLTransactionRollbackException.class)
          .hasMessageContaining("run the transaction again");
      reader.rollback();
      assertThat(one.model.live(reader).generation()).isEqualTo(2);
    }
  }

  @Test
  void tablesCannotBeKeptWithoutATransaction() throws Exception {
    try (var connection = one.database.getConnection()) {
      assertThatThrownBy(() -> one.model.live(connection))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("setAutoCommit(false)");
    }
  }

  @Test
  void aQueryWritesNothing() throws Exception {
    one.model.read(view -> view.update("DELETE FROM refold_live"));
    assertThat(shown()).isEqualTo(1);
  }

  @Test
  void aVersionWithoutTablesSaysSo() {
    var next = SqlReadModel.of(one.database, new ShopTables(one.projection.naming(), 2));
    assertThatThrownBy(() -> next.read(SqlView::generation))
        .isInstanceOf(ReadModelMissingException.class)
        .hasMessageContaining("version 2 of projection 'the \"shop\"' has no tables yet");
    var empty = SqlReadModel.of(Postgres.fresh(), one.projection);
    assertThatThrownBy(() -> empty.read(SqlView::generation))
        .isInstanceOf(ReadModelMissingException.class);
  }

  @Test
  void aTransactionGoesOnAfterItHasFoundNoTables() throws Exception {
    DataSource fresh = Postgres.fresh();
    var empty = SqlReadModel.of(fresh, one.projection);
    try (var connection = fresh.getConnection()) {
      connection.setAutoCommit(false);
      Rows.execute(connection, "CREATE TABLE mine (id INTEGER)");
      assertThatThrownBy(() -> empty.live(connection))
          .isInstanceOf(ReadModelMissingException.class);
      Rows.execute(connection, "INSERT INTO mine VALUES (1)");
      connection.commit();
      assertThat(Rows.select(connection, row -> row.getInt(1), "SELECT id FROM mine"))
          .containsExactly(1);
    }
  }
}
