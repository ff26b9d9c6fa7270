package io.refold.projections.sql;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;

/**
 * A way to a real database that can be cut, and that can lose the reply to a commit or refuse a
 * rollback.
 */
final class FaultyDataSource {
  private final DataSource source;
  private final AtomicInteger lostCommits = new AtomicInteger();
  private final AtomicInteger refusedRollbacks = new AtomicInteger();
  private volatile boolean cut;

  FaultyDataSource(DataSource source) {
    this.source = source;
  }

  /** Ends all connections and refuses new ones, as a database that is shut down does. */
  void cut() throws SQLException {
    cut = true;
    try (var connection = source.getConnection()) {
      Rows.select(
          connection,
          row -> row.getBoolean(1),
          """
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND pid <> pg_backend_pid()\
          """);
    }
  }

  /** Lets everything through again. */
  void mend() {
    cut = false;
  }

  /** Executes the next commits and then says that the connection broke. */
  void loseCommits(int number) {
    lostCommits.set(number);
  }

  /** Does not execute the next rollbacks, and leaves the connection open. */
  void refuseRollbacks(int number) {
    refusedRollbacks.set(number);
  }

  DataSource dataSource() {
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) -> {
              if (cut) {
                throw new SQLTransientConnectionException("cut on purpose");
              }
              try {
                return lossy((Connection) method.invoke(source, arguments));
              } catch (InvocationTargetException e) {
                throw e.getTargetException();
              }
            });
  }

  private Connection lossy(Connection connection) {
    return (Connection)
        Proxy.newProxyInstance(
            Connection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("rollback")
                  && refusedRollbacks.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                throw new SQLException("refused on purpose", "XX000");
              }
              try {
                Object result = method.invoke(connection, arguments);
                if (method.getName().equals("commit")
                    && lostCommits.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                  connection.close();
                  throw new SQLException("lost on purpose", "08006");
                }
                return result;
              } catch (InvocationTargetException e) {
                throw e.getTargetException();
              }
            });
  }
}
