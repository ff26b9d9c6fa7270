package io.refold.projections.sql;

import java.sql.Connection;
import java.sql.SQLException;

/**
 * The transaction that has locked a head, so that one is noticed that code has ended: what comes
 * behind that is another transaction, without the lock. Only PostgreSQL tells them apart.
 *
 * @param transaction its number; 0 on other databases
 */
record HeadLock(Connection connection, long transaction) {
  /** Takes notice of a transaction, after it has locked the head. */
  static HeadLock of(Connection connection) throws SQLException {
    return new HeadLock(connection, number(connection));
  }

  private static long number(Connection connection) throws SQLException {
    return Database.postgres(connection)
        ? Rows.select(connection, row -> row.getLong(1), "SELECT txid_current_if_assigned()")
            .getFirst()
        : 0;
  }

  /** Tells whether the transaction goes on. */
  boolean held() throws SQLException {
    return number(connection) == transaction;
  }

  /**
   * Checks what would be checked at the transaction's end. Rolling back to the savepoint leaves
   * each constraint as late, or as early, as it was.
   *
   * @throws IllegalStateException if the transaction was ended
   * @throws SQLException if a statement has failed, or a constraint does not hold
   */
  void check() throws SQLException {
    if (!held()) {
      throw new IllegalStateException(
          "its code has ended the transaction, which also moves the checkpoint, so rows may be"
              + " wrong now: correct the code, then rebuild");
    }
    var before = connection.setSavepoint();
    Rows.execute(connection, "SET CONSTRAINTS ALL IMMEDIATE");
    connection.rollback(before);
    connection.releaseSavepoint(before);
  }
}
