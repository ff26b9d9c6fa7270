package io.refold.projections.sql;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One generation of a projection's tables, on a connection with a transaction that belongs to the
 * caller. Names come quoted, ready for use in SQL. Not thread-safe, and not to be kept.
 */
public final class SqlView {
  private final Connection connection;
  private final int generation;
  private final TableNames names;
  private final Set<String> asked;

  SqlView(Connection connection, int generation, TableNames names, Set<String> asked) {
    this.connection = connection;
    this.generation = generation;
    this.names = names;
    this.asked = asked;
  }

  /**
   * Returns the connection. Where Refold has opened it, it and its statements refuse to end the
   * transaction, and closing it does nothing. Its driver's own classes are had by {@link
   * Connection#unwrap}, and those of statements by {@link PreparedStatement#unwrap}.
   */
  public Connection connection() {
    return connection;
  }

  /** Returns the number of the generation. */
  public int generation() {
    return generation;
  }

  /**
   * Returns the name of a table in this generation, for instance {@code "orders_g3"} or {@code
   * "sales_g3"."orders"}, quotes included.
   *
   * @param name what all generations call it: 1 to 50 of a-z, 0-9 and _, the first a letter
   * @throws IllegalArgumentException if the name is not allowed
   */
  public String table(String name) {
    String table = names.table(name);
    asked.add(table);
    return table;
  }

  /**
   * Returns a name for an index or a constraint that no other generation has, without schema: SQL
   * wants it so where they are created.
   *
   * @param name as for {@link #table}
   * @throws IllegalArgumentException if the name is not allowed
   */
  public String index(String name) {
    return names.index(name);
  }

  /**
   * Runs a statement that returns no rows, as {@link PreparedStatement#executeUpdate()} does.
   *
   * @param sql the statement, with a {@code ?} for each argument
   * @param arguments as {@link PreparedStatement#setObject(int, Object)} takes them
   * @return how many rows it has changed
   * @throws SQLException if the database refuses it
   */
  public int update(String sql, @Nullable Object... arguments) throws SQLException {
    return Rows.update(connection, sql, arguments);
  }
}
