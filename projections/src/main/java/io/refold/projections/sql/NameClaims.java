package io.refold.projections.sql;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransactionRollbackException;
import java.util.List;

/**
 * Which projection calls its tables what, where a suffix tells generations apart: two that say the
 * same would meet as soon as their generations have the same number.
 */
final class NameClaims {
  private NameClaims() {}

  /**
   * Takes a name for a projection until its last generation goes.
   *
   * @param name what all generations call a table
   * @throws SQLTransactionRollbackException if another transaction takes it at the same time
   * @throws SQLException if it is another projection's
   */
  static void take(Connection connection, String projection, String name) throws SQLException {
    List<String> holders =
        Rows.select(
            connection,
            row -> row.getString(1),
            "SELECT projection FROM refold_name WHERE name = ?",
            name);
    if (holders.isEmpty()) {
      insert(connection, projection, name);
    } else if (!holders.getFirst().equals(projection)) {
      throw new SQLException(
          "projection '%s' has tables called '%s' already: call these otherwise, or use Naming.SCHEMA"
              .formatted(holders.getFirst(), name));
    }
  }

  /** Two generations of one projection may come at once: who comes second looks again. */
  private static void insert(Connection connection, String projection, String name)
      throws SQLException {
    try {
      Rows.update(
          connection, "INSERT INTO refold_name (name, projection) VALUES (?, ?)", name, projection);
    } catch (SQLException e) {
      throw SqlFailures.exists(e)
          ? new SQLTransactionRollbackException(
              "the tables called '%s' were taken meanwhile".formatted(name), "40001", e)
          : e;
    }
  }

  /** Gives the names of a projection back if it has no generation any more. */
  static void release(Connection connection, String projection) throws SQLException {
    Rows.update(
        connection,
        "DELETE FROM refold_name WHERE projection = ?"
            + " AND NOT EXISTS (SELECT 1 FROM refold_generation WHERE projection = ?)",
        projection,
        projection);
  }
}
