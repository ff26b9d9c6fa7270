package io.refold.projections.sql;

import io.refold.projections.store.Generation;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which generations a database has, and which one is read: each creation, deletion and switch is
 * one transaction. Thread-safe.
 *
 * <p>Locks are taken in one order everywhere: the generation's row, heads, the user's tables.
 */
final class SqlGenerations {
  private final Database database;
  private final SqlProjection projection;

  SqlGenerations(Database database, SqlProjection projection) {
    this.database = database;
    this.projection = projection;
  }

  /**
   * A generation that is read.
   *
   * @param tables the quoted names of its tables
   */
  record Live(int generation, TableNames names, List<String> tables) {
    SqlView view(Connection connection) {
      return new SqlView(connection, generation, names, new LinkedHashSet<>());
    }

    /**
     * Keeps the tables from being dropped until the transaction ends, by the lock that any query
     * takes, in the order in which they are dropped.
     */
    void hold(Connection connection) throws SQLException {
      if (!tables.isEmpty()) {
        Rows.execute(
            connection,
            "SELECT 1 FROM "
                + String.join(" WHERE 1 = 0 UNION ALL SELECT 1 FROM ", tables)
                + " WHERE 1 = 0");
      }
    }
  }

  private record LiveTable(int generation, String schema, @Nullable String table) {}

  /** Creates tables and heads; does nothing if they are there. */
  void create(Generation generation, int partitions) {
    database.change(
        "create the tables of generation " + generation,
        connection -> {
          if (!exists(connection, generation)) {
            create(connection, generation, partitions);
          }
        });
  }

  private void create(Connection connection, Generation generation, int partitions)
      throws SQLException {
    TableNames names = TableNames.of(generation, projection.naming());
    try {
      Rows.update(
          connection,
          "INSERT INTO refold_generation (projection, generation, version, schema_name)"
              + " VALUES (?, ?, ?, ?)",
          generation.projection(),
          generation.number(),
          projection.version(),
          names.schema());
    } catch (SQLException e) {
      if (SqlFailures.exists(e)) { // another process was faster
        connection.rollback();
        return;
      }
      throw e;
    }
    Set<String> asked = new LinkedHashSet<>();
    try {
      if (!names.schema().isEmpty()) {
        Rows.execute(connection, "CREATE SCHEMA " + TableNames.quoted(names.schema()));
      }
      projection.create(
          new SqlView(BorrowedConnection.of(connection), generation.number(), names, asked));
      if (names.schema().isEmpty()) {
        for (String table : asked) {
          NameClaims.take(connection, generation.projection(), names.logical(table));
        }
      }
      record(connection, generation, asked);
    } catch (SQLException e) {
      if (SqlFailures.away(e)) {
        throw e;
      }
      throw new IllegalStateException(
          "the tables of generation %s cannot be created, correct create() of the projection: %s"
              .formatted(generation, e.getMessage()),
          e);
    }
    for (int part = 0; part < partitions; part++) {
      Rows.update(
          connection,
          "INSERT INTO refold_head (projection, generation, part, owner, epoch, sequence, micros)"
              + " VALUES (?, ?, ?, '', 0, 0, 0)",
          generation.projection(),
          generation.number(),
          part);
    }
  }

  /** Records what to drop with the generation; a name that is recorded already is refused. */
  private static void record(Connection connection, Generation generation, Set<String> tables)
      throws SQLException {
    int ordinal = 0;
    for (String table : tables) {
      Rows.update(
          connection,
          "INSERT INTO refold_table (name, projection, generation, ordinal) VALUES (?, ?, ?, ?)",
          table,
          generation.projection(),
          generation.number(),
          ordinal++);
    }
  }

  private static boolean exists(Connection connection, Generation generation) throws SQLException {
    return !Rows.select(
            connection,
            row -> true,
            "SELECT 1 FROM refold_generation WHERE projection = ? AND generation = ?",
            generation.projection(),
            generation.number())
        .isEmpty();
  }

  /** Locks a generation against being dropped, and its partitions against each other. */
  static boolean lock(Connection connection, Generation generation) throws SQLException {
    return !schemas(connection, generation).isEmpty();
  }

  private static List<String> schemas(Connection connection, Generation generation)
      throws SQLException {
    return Rows.select(
        connection,
        row -> row.getString(1),
        "SELECT schema_name FROM refold_generation WHERE projection = ? AND generation = ?"
            + " FOR UPDATE",
        generation.projection(),
        generation.number());
  }

  /**
   * Drops a generation, of whatever version; does nothing if it is not there.
   *
   * @throws io.refold.eventstore.StoreUnavailableException also if somebody still reads it
   */
  void delete(Generation generation) {
    database.change(
        "drop the tables of generation " + generation,
        connection -> {
          Database.hurry(connection);
          for (String schema : schemas(connection, generation)) {
            List<String> tables = tables(connection, generation);
            for (String own : List.of("head", "note", "drop", "table", "live", "generation")) {
              Rows.update(
                  connection,
                  "DELETE FROM refold_" + own + " WHERE projection = ? AND generation = ?",
                  generation.projection(),
                  generation.number());
            }
            NameClaims.release(connection, generation.projection());
            if (!tables.isEmpty()) {
              Rows.execute(
                  connection, "DROP TABLE IF EXISTS " + String.join(", ", tables) + " CASCADE");
            }
            if (!schema.isEmpty()) {
              Rows.execute(
                  connection, "DROP SCHEMA IF EXISTS " + TableNames.quoted(schema) + " CASCADE");
            }
          }
        });
  }

  private static List<String> tables(Connection connection, Generation generation)
      throws SQLException {
    return Rows.select(
        connection,
        row -> row.getString(1),
        "SELECT name FROM refold_table WHERE projection = ? AND generation = ? ORDER BY ordinal",
        generation.projection(),
        generation.number());
  }

  /** Lets readers of a version read a generation, unless they read a newer one. */
  void show(int version, Generation generation) {
    database.change(
        "switch to generation " + generation,
        connection -> {
          if (shown(connection, version, generation.projection()).isEmpty()) {
            try {
              Rows.update(
                  connection,
                  "INSERT INTO refold_live (projection, version, generation) VALUES (?, ?, ?)",
                  generation.projection(),
                  version,
                  generation.number());
              return;
            } catch (SQLException e) {
              if (!SqlFailures.exists(e)) {
                throw e;
              }
              connection.rollback(); // another process was faster, perhaps with another one
            }
          }
          Rows.update(
              connection,
              "UPDATE refold_live SET generation = ?"
                  + " WHERE projection = ? AND version = ? AND generation < ?",
              generation.number(),
              generation.projection(),
              version,
              generation.number());
        });
  }

  private static List<Integer> shown(Connection connection, int version, String name)
      throws SQLException {
    return Rows.select(
        connection,
        row -> row.getInt(1),
        "SELECT generation FROM refold_live WHERE projection = ? AND version = ?",
        name,
        version);
  }

  /** Returns the generation that is read; empty before the first worker. */
  Optional<Live> live(Connection connection) throws SQLException {
    List<LiveTable> found =
        Rows.select(
            connection,
            row -> new LiveTable(row.getInt(1), row.getString(2), row.getString(3)),
            """
            SELECT l.generation, g.schema_name, t.name
            FROM refold_live l
            JOIN refold_generation g
              ON g.projection = l.projection AND g.generation = l.generation
            LEFT JOIN refold_table t
              ON t.projection = l.projection AND t.generation = l.generation
            WHERE l.projection = ? AND l.version = ?
            ORDER BY t.ordinal\
            """,
            projection.name(),
            projection.version());
    if (found.isEmpty()) {
      return Optional.empty();
    }
    LiveTable first = found.getFirst();
    var tables = new ArrayList<String>();
    for (LiveTable each : found) {
      if (each.table() != null) {
        tables.add(each.table());
      }
    }
    var names =
        first.schema().isEmpty()
            ? new TableNames("", "_g" + first.generation())
            : new TableNames(first.schema(), "");
    return Optional.of(new Live(first.generation(), names, tables));
  }
}
