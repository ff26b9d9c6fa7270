package io.refold.projections.sql;

import io.refold.eventstore.Position;
import io.refold.projections.HistoryLostException;
import io.refold.projections.NotAppliedException;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ReadModelMissingException;
import io.refold.projections.Subscriber;
import io.refold.projections.Target;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Kind;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Generations.Shape;
import io.refold.projections.store.Heads;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransactionRollbackException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import javax.sql.DataSource;

/**
 * The tables of a {@link SqlProjection} in one database: workers are given it to fill them, and
 * queries read the generation that is live. Immutable and thread-safe.
 *
 * <pre>{@code
 * var turnover = SqlReadModel.of(dataSource, new Turnover());
 * try (var workers = ProjectionWorkers.on(store).add(turnover).start()) {
 *   long cents = turnover.read(view -> query(view.connection(), view.table("turnover")));
 * }
 * }</pre>
 *
 * <p>Refold keeps its own tables, called {@code refold_…}, in the default schema of the data
 * source's connections. One such schema serves one event store.
 */
public final class SqlReadModel implements Subscriber {
  private static final Duration SILENCE = Duration.ofSeconds(10);
  private static final int ATTEMPTS = 100;
  private static final long PAUSE_NANOS = 1_000_000;

  private final Database database;
  private final SqlProjection projection;
  private final SqlGenerations generations;
  private final Map<String, List<SqlSource>> sources;

  private SqlReadModel(DataSource dataSource, SqlProjection projection, Duration silence) {
    Generation.checkName("projection", projection.name());
    this.database = new Database(dataSource, silence);
    this.projection = projection;
    this.generations = new SqlGenerations(database, projection);
    this.sources =
        projection.sources().stream().collect(Collectors.groupingBy(SqlSource::category));
    if (projection.version() < 1 || sources.isEmpty()) {
      throw new IllegalArgumentException(
          "projection '%s' needs a version from 1, not %d, and a source (it has %d)"
              .formatted(projection.name(), projection.version(), projection.sources().size()));
    }
    if (projection.naming() == SqlProjection.Naming.SCHEMA) {
      TableNames.checkSchema(projection.name());
    }
  }

  /**
   * Returns the read model of a projection. A pool should have a connection for each partition that
   * this process may own, and connections should have a timeout ({@code socketTimeout}), so that a
   * server that never answers is noticed.
   *
   * <p>On PostgreSQL, a transaction of a worker that pauses for more than 10 seconds between two
   * statements is ended by the server, so that the locks of a process that hangs keep nobody
   * waiting; its events are then applied again.
   *
   * @throws IllegalArgumentException if the projection's name, version or sources are not allowed
   */
  public static SqlReadModel of(DataSource dataSource, SqlProjection projection) {
    return of(dataSource, projection, SILENCE);
  }

  static SqlReadModel of(DataSource dataSource, SqlProjection projection, Duration silence) {
    return new SqlReadModel(dataSource, projection, silence);
  }

  /**
   * A query over the tables of one generation.
   *
   * @param <T> what it returns
   */
  @FunctionalInterface
  public interface Reading<T> {
    /**
     * Runs it.
     *
     * @throws SQLException if the database refuses it
     */
    T read(SqlView view) throws SQLException;
  }

  /**
   * Runs a query in a transaction of its own, which is rolled back at its end. It sees the tables
   * of one generation, which stay until it ends, whatever is switched meanwhile.
   *
   * @throws ReadModelMissingException if no worker has ever started for this version
   * @throws SQLException if the query throws it, or the database cannot be reached
   */
  public <T> T read(Reading<T> reading) throws SQLException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      try (Connection connection = database.source().getConnection()) {
        boolean before = connection.getAutoCommit();
        connection.setAutoCommit(false);
        try {
          Optional<SqlView> view = held(connection, BorrowedConnection.of(connection));
          if (view.isPresent()) {
            return reading.read(view.get());
          }
        } finally {
          end(connection, before);
        }
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    throw missing("has lost its tables");
  }

  /** The rows are read by now, or an exception says why not. */
  private static void end(Connection connection, boolean autoCommit) {
    try {
      connection.rollback();
      connection.setAutoCommit(autoCommit);
    } catch (SQLException e) {
      // the connection was lost, which its pool notices
    }
  }

  /**
   * Waits until the projection has applied a position, then runs a query: what was written before
   * is seen.
   *
   * @param store where the projection's workers run
   * @param atLeast an append's position
   * @param timeout how long to wait at most
   * @throws NotAppliedException if it has not been applied in time, or an event of that append is
   *     parked
   * @throws HistoryLostException if the log does not hold that position
   * @throws ReadModelMissingException if no worker has ever started for this version
   * @throws io.refold.eventstore.StoreUnavailableException if the store or the database cannot be
   *     read while it waits
   * @throws SQLException if the query throws it, or the database cannot be reached for it
   */
  public <T> T read(ProjectionStore store, Position atLeast, Duration timeout, Reading<T> reading)
      throws SQLException {
    store.await(this, atLeast, timeout).check(name(), atLeast, timeout);
    return read(reading);
  }

  /**
   * Returns the generation that the database shows, not one that it is about to show; where workers
   * have just started, the one whose tables they are about to make.
   */
  @Override
  public Generation shown(ProjectionStore store) {
    try {
      return new Generation(name(), read(SqlView::generation));
    } catch (ReadModelMissingException missing) {
      return store
          .generations()
          .look(name(), version())
          .live()
          .orElseThrow(() -> missing)
          .generation();
    } catch (SQLException e) {
      throw Database.unavailable("tell which tables are read", e);
    }
  }

  /**
   * Returns the tables that are live, in a transaction of the caller's: they stay until it ends.
   *
   * @param connection with a transaction, to the same database
   * @throws IllegalStateException if the connection commits each statement by itself
   * @throws ReadModelMissingException if no worker has ever started for this version
   * @throws SQLTransactionRollbackException if the generation that this transaction can see was
   *     dropped meanwhile; another transaction sees the new one
   * @throws SQLException if the database cannot be reached
   */
  public SqlView live(Connection connection) throws SQLException {
    if (connection.getAutoCommit()) {
      throw new IllegalStateException(
          "tables can only be kept within a transaction: call setAutoCommit(false) before");
    }
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      var before = connection.setSavepoint();
      Optional<SqlView> view = Optional.empty();
      try {
        view = held(connection, connection);
      } finally {
        if (view.isEmpty()) {
          connection.rollback(before);
        }
        connection.releaseSavepoint(before);
      }
      if (view.isPresent()) {
        return view.get();
      }
    }
    throw new SQLTransactionRollbackException(
        "the tables of projection '%s' were switched: run the transaction again".formatted(name()),
        "40001");
  }

  /** Returns the live tables, or nothing if they were dropped before they could be held. */
  private Optional<SqlView> held(Connection connection, Connection lent) throws SQLException {
    Optional<SqlGenerations.Live> live;
    try {
      live = generations.live(connection);
    } catch (SQLException e) {
      if (SqlFailures.noTable(e)) {
        throw missing("has no tables yet");
      }
      throw e;
    }
    SqlGenerations.Live found = live.orElseThrow(() -> missing("has no tables yet"));
    try {
      found.hold(connection);
    } catch (SQLException e) {
      if (SqlFailures.noTable(e)) {
        return Optional.empty();
      }
      throw e;
    }
    return Optional.of(found.view(lent));
  }

  private ReadModelMissingException missing(String what) {
    return new ReadModelMissingException(
        "version %d of projection '%s' %s: start a worker for it"
            .formatted(version(), name(), what));
  }

  @Override
  public String name() {
    return projection.name();
  }

  @Override
  public int version() {
    return projection.version();
  }

  @Override
  public Set<String> categories() {
    return sources.keySet();
  }

  @Override
  public Shape shape(int shards) {
    return Kind.TABLES.shape(version());
  }

  @Override
  public Heads heads(ProjectionStore store) {
    return heads(store.events().partitions());
  }

  private SqlHeads heads(int partitions) {
    return new SqlHeads(database, generations, partitions);
  }

  @Override
  public Target target(ProjectionStore store, Layout layout) {
    return new SqlTarget(
        database,
        heads(store.events().partitions()),
        TableNames.of(layout.generation(), projection.naming()),
        sources);
  }
}
