package io.refold.projections.sql;

import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransactionRollbackException;
import java.sql.SQLTransientException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Tells by class and state what an exception of a database means. */
final class SqlFailures {
  /**
   * Connections; rolled back because of others; resources; a lock that is not to be had; told to
   * stop; the system below; a standby that only reads; a session that was idle for too long.
   */
  private static final List<String> AWAY =
      List.of("08", "40", "53", "55P03", "57", "58", "25006", "25P03");

  private static final String INTEGRITY = "40002";
  private static final String ABORTED = "25P02";
  private static final String NO_TABLE = "42P01";
  private static final List<String> EXISTS = List.of("23505", "42P07", "42710", "42P06");

  private SqlFailures() {}

  /** Returns the database's exception in what code has thrown, if there is one. */
  static Optional<SQLException> in(Throwable thrown) {
    for (@Nullable Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        return Optional.of(sql);
      }
    }
    return Optional.empty();
  }

  /** Tells whether the database is away or busy, whatever the statement was. */
  static boolean away(SQLException failure) {
    String state = state(failure);
    return failure instanceof SQLTransientException
        || failure instanceof SQLRecoverableException
        || failure instanceof SQLNonTransientConnectionException
        || (!state.equals(INTEGRITY) && AWAY.stream().anyMatch(state::startsWith));
  }

  /** Tells whether the transaction was rolled back because of others, and may be run again. */
  static boolean collision(SQLException failure) {
    String state = state(failure);
    return failure instanceof SQLTransactionRollbackException
        || (state.startsWith("40") && !state.equals(INTEGRITY));
  }

  /** Tells whether an earlier statement of the transaction has failed, and nobody has said so. */
  static boolean aborted(SQLException failure) {
    return state(failure).equals(ABORTED);
  }

  /** Tells whether a row or a table is there already. */
  static boolean exists(SQLException failure) {
    return EXISTS.contains(state(failure));
  }

  /** Tells whether a table is not there. */
  static boolean noTable(SQLException failure) {
    return state(failure).equals(NO_TABLE);
  }

  /** Tells whether a failed commit is known to have changed nothing. */
  static boolean refused(SQLException failure) {
    String state = state(failure);
    return collision(failure) || state.startsWith("23") || aborted(failure);
  }

  private static String state(SQLException failure) {
    String state = failure.getSQLState();
    return state == null ? "" : state;
  }
}
