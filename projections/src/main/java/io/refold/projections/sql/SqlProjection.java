package io.refold.projections.sql;

import java.sql.SQLException;
import java.util.List;

/**
 * Says how events become rows of tables in a database of the user's. Each generation has tables of
 * its own, so a rebuild fills new ones while the old ones are read. Implementations are immutable
 * and write nothing but through the {@link SqlView} they are given.
 */
public interface SqlProjection {
  /** How the tables of one generation are told from those of another. */
  enum Naming {
    /**
     * By their names: {@code orders_g3}, in the default schema of the connections. There no two
     * projections may call tables the same.
     */
    SUFFIX,
    /**
     * By a schema for each generation, called after the projection: {@code "sales_g3".orders}. It
     * is created before and dropped after its tables, with all that is in it.
     */
    SCHEMA
  }

  /**
   * Returns its name: 1 to 64 characters, none of them {@code :}, <code>{</code>, <code>}</code>;
   * at most 50 bytes in UTF-8 with {@link Naming#SCHEMA}.
   */
  String name();

  /**
   * Returns the version of its logic, from 1. Count it up whenever the same events would give other
   * rows, or tables or their naming change: the new version then gets tables of its own, filled
   * from the first event, while processes of the old version go on with theirs.
   */
  int version();

  /** Returns which events it wants, and what they change. */
  List<SqlSource> sources();

  /** Returns how generations are told apart; by suffix unless overridden. */
  default Naming naming() {
    return Naming.SUFFIX;
  }

  /**
   * Creates the empty tables of a new generation, and what belongs to them, under names from {@link
   * SqlView#table} and {@link SqlView#index}. Runs in one transaction, once per generation.
   *
   * <p>Every name that is asked from {@link SqlView#table} here is taken for a table's: it is
   * dropped with its generation, together with what depends on it.
   *
   * <p>With {@link Naming#SUFFIX}, a name that another projection has is refused: the generation is
   * not made then, and its workers say why.
   *
   * @throws SQLException if the database refuses it; the generation is not made then
   */
  void create(SqlView view) throws SQLException;
}
