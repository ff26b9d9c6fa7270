package io.refold.projections.sql;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A connection as it is lent to user code: it cannot end the transaction, which would separate the
 * rows from the checkpoint. Savepoints are allowed.
 */
final class BorrowedConnection {
  private static final Set<String> REFUSED =
      Set.of("commit", "abort", "setAutoCommit", "setTransactionIsolation", "setReadOnly");

  private final Connection connection;

  private BorrowedConnection(Connection connection) {
    this.connection = connection;
  }

  static Connection of(Connection connection) {
    return (Connection)
        Proxy.newProxyInstance(
            Connection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            new BorrowedConnection(connection)::invoke);
  }

  private @Nullable Object invoke(Object proxy, Method method, Object @Nullable [] arguments)
      throws Throwable {
    String name = method.getName();
    if (name.equals("close")) {
      return null;
    }
    if (REFUSED.contains(name) || (name.equals("rollback") && arguments == null)) {
      throw new UnsupportedOperationException(
          "%s() is Refold's: the transaction also moves the checkpoint; roll back to a savepoint, or throw an exception"
              .formatted(name));
    }
    try {
      return method.invoke(connection, arguments);
    } catch (InvocationTargetException e) {
      throw e.getTargetException();
    }
  }
}
