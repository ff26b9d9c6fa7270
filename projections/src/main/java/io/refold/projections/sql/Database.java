package io.refold.projections.sql;

import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Runs transactions on a user's data source, at read committed: what must not meet takes locks.
 * What collides with others is run again a few times. Thread-safe.
 *
 * <p>On PostgreSQL a transaction of a process that hangs, or cannot be reached any more, is ended
 * by the server after a while, so that its locks do not keep its successor waiting.
 */
final class Database {
  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final int ATTEMPTS = 5;
  private static final long LONGEST_PAUSE_NANOS = 20_000_000;

  private final DataSource source;
  private final Duration silence;
  private volatile boolean prepared;

  /**
   * Takes a data source.
   *
   * @param silence how long a transaction may pause between two statements
   */
  Database(DataSource source, Duration silence) {
    this.source = source;
    this.silence = silence;
  }

  /** What is done in a transaction. */
  interface Work<T, X extends Exception> {
    T in(Connection connection) throws SQLException, X;
  }

  /** What is done in a transaction, without a result. */
  interface Action {
    void in(Connection connection) throws SQLException;
  }

  DataSource source() {
    return source;
  }

  /**
   * Runs a transaction; what it throws rolls it back.
   *
   * @param what what it does, for messages
   * @throws StoreUnavailableException if the database is away, or refuses a statement
   * @throws ReplyLostException if it is not known whether it was committed
   */
  <T, X extends Exception> T run(String what, Work<T, X> work) throws X {
    prepare();
    for (int attempt = 1; ; attempt++) {
      try {
        return once(what, work);
      } catch (SQLException e) {
        if (!SqlFailures.collision(e) || attempt == ATTEMPTS) {
          throw unavailable(what, e);
        }
      }
      LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(LONGEST_PAUSE_NANOS));
    }
  }

  /** Runs a transaction without a result. */
  void change(String what, Action action) {
    this.<Boolean, RuntimeException>run(
        what,
        connection -> {
          action.in(connection);
          return true;
        });
  }

  private <T, X extends Exception> T once(String what, Work<T, X> work) throws SQLException, X {
    try (var session = new Session(source)) {
      Connection connection = session.connection;
      connection.setAutoCommit(false);
      if (session.isolation != Connection.TRANSACTION_READ_COMMITTED) {
        connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
      }
      T result;
      try {
        limit(connection);
        result = work.in(connection);
      } catch (Throwable thrown) {
        session.rollBack(what, thrown);
        throw thrown;
      }
      try {
        connection.commit();
      } catch (SQLException e) {
        if (SqlFailures.refused(e)) {
          session.rollBack(what, e);
          throw e;
        }
        session.abandon();
        throw new ReplyLostException("it is not known whether the database could " + what, e);
      }
      return result;
    }
  }

  private void limit(Connection connection) throws SQLException {
    limit(connection, "idle_in_transaction_session_timeout", silence);
  }

  /** Lets a transaction give up on locks that others hold for longer; on PostgreSQL. */
  static void hurry(Connection connection) throws SQLException {
    limit(connection, "lock_timeout", PATIENCE);
  }

  private static void limit(Connection connection, String setting, Duration most)
      throws SQLException {
    if (postgres(connection)) {
      Rows.execute(connection, "SET LOCAL %s = %d".formatted(setting, most.toMillis()));
    }
  }

  static boolean postgres(Connection connection) throws SQLException {
    return connection.getMetaData().getDatabaseProductName().equals("PostgreSQL");
  }

  static StoreUnavailableException unavailable(String what, SQLException cause) {
    return new StoreUnavailableException(
        "the database could not %s: %s".formatted(what, cause.getMessage()), cause);
  }

  /** Creates Refold's tables once; who comes second finds them. */
  private void prepare() {
    if (prepared) {
      return;
    }
    try (var session = new Session(source)) {
      session.connection.setAutoCommit(true);
      if (!Schema.exists(session.connection)) {
        session.connection.setAutoCommit(false);
        try {
          Schema.create(session.connection);
          session.connection.commit();
        } catch (SQLException e) {
          session.rollBack("create the tables refold_…", e);
          if (!SqlFailures.exists(e)) {
            throw e;
          }
        }
      }
      prepared = true;
    } catch (SQLException e) {
      throw unavailable("create the tables refold_…", e);
    }
  }

  /** A connection that goes back to its pool as it came. */
  private static final class Session implements AutoCloseable {
    final Connection connection;
    final int isolation;
    private final boolean autoCommit;
    private boolean abandoned;

    Session(DataSource source) throws SQLException {
      connection = source.getConnection();
      try {
        autoCommit = connection.getAutoCommit();
        isolation = connection.getTransactionIsolation();
      } catch (SQLException e) {
        close(connection);
        throw e;
      }
    }

    /** A connection that cannot even roll back was lost, whatever the work says of it. */
    void rollBack(String what, Throwable thrown) {
      try {
        connection.rollback();
      } catch (SQLException lost) {
        abandon();
        lost.addSuppressed(thrown);
        throw unavailable(what, lost);
      }
    }

    /** Ends a connection whose transaction may be open: nothing may commit it from now on. */
    void abandon() {
      abandoned = true;
      try {
        connection.abort(Runnable::run);
      } catch (SQLException e) {
        // it was closed, or is below
      }
    }

    /** The outcome is known by now: what goes wrong here is the pool's to notice. */
    @Override
    public void close() {
      try {
        if (!abandoned && !connection.isClosed()) {
          if (connection.getTransactionIsolation() != isolation) {
            connection.setTransactionIsolation(isolation);
          }
          connection.setAutoCommit(autoCommit);
        }
      } catch (SQLException e) {
        // closed right below
      } finally {
        close(connection);
      }
    }

    private static void close(@Nullable Connection connection) {
      try {
        if (connection != null) {
          connection.close();
        }
      } catch (SQLException e) {
        // it was lost
      }
    }
  }
}
