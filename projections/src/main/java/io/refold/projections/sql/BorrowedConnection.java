package io.refold.projections.sql;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A connection as it is lent to user code: it refuses to end the transaction, which would separate
 * the rows from the checkpoint, and to look for tables elsewhere. Its statements refuse so, too,
 * where that is what their text begins with. Savepoints are allowed.
 */
final class BorrowedConnection {
  private static final Set<String> REFUSED =
      Set.of(
          "commit",
          "abort",
          "setAutoCommit",
          "setTransactionIsolation",
          "setReadOnly",
          "setSchema",
          "setCatalog");

  /** The methods of connections and statements whose first argument may be the text of one. */
  private static final Set<String> TAKING_SQL =
      Set.of(
          "prepareStatement",
          "prepareCall",
          "execute",
          "executeQuery",
          "executeUpdate",
          "executeLargeUpdate",
          "addBatch");

  private static final Pattern ENDING =
      Pattern.compile(
          "(?:[\\s;]++|--[^\\n]*+|/\\*.*?\\*/)*+"
              + "(commit|end|abort|prepare\\s+transaction"
              + "|rollback(?!\\s+(?:(?:work|transaction)\\s+)?to\\b))\\b.*",
          Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  private final Connection connection;
  private final Connection lent;

  private BorrowedConnection(Connection connection) {
    this.connection = connection;
    this.lent = proxy(Connection.class, this::connection);
  }

  static Connection of(Connection connection) {
    return new BorrowedConnection(connection).lent;
  }

  private @Nullable Object connection(
      Object proxy, Method method, @Nullable Object @Nullable [] arguments) throws Throwable {
    String name = method.getName();
    if (name.equals("close")) {
      return null;
    }
    if (REFUSED.contains(name) || (name.equals("rollback") && arguments == null)) {
      throw refused(name + "()");
    }
    return switch (call(connection, proxy, method, arguments)) {
      case CallableStatement call -> guarded(CallableStatement.class, call);
      case PreparedStatement prepared -> guarded(PreparedStatement.class, prepared);
      case Statement statement -> guarded(Statement.class, statement);
      case DatabaseMetaData data -> guarded(DatabaseMetaData.class, data);
      case null -> null;
      case Object other -> other;
    };
  }

  /** Returns the same, but what it calls its connection is the one that was lent. */
  private <T> T guarded(Class<T> type, T target) {
    return proxy(
        type,
        (proxy, method, arguments) ->
            method.getName().equals("getConnection")
                ? lent
                : call(target, proxy, method, arguments));
  }

  @SuppressWarnings("ReferenceEquality") // a proxy equals itself only
  private static @Nullable Object call(
      Object target, Object proxy, Method method, @Nullable Object @Nullable [] arguments)
      throws Throwable {
    if (arguments != null && arguments.length > 0) {
      if (method.getName().equals("equals")) {
        return proxy == arguments[0];
      }
      if (arguments[0] instanceof String sql && TAKING_SQL.contains(method.getName())) {
        check(sql);
      }
    }
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getTargetException();
    }
  }

  private static void check(String sql) {
    var ending = ENDING.matcher(sql);
    if (ending.matches()) {
      throw refused(ending.group(1));
    }
  }

  private static UnsupportedOperationException refused(String what) {
    return new UnsupportedOperationException(
        "%s is Refold's: the transaction also moves the checkpoint; roll back to a savepoint, or throw an exception"
            .formatted(what));
  }

  private static <T> T proxy(Class<T> type, InvocationHandler handler) {
    return type.cast(
        Proxy.newProxyInstance(Connection.class.getClassLoader(), new Class<?>[] {type}, handler));
  }
}
