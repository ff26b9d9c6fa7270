package io.refold.projections.sql;

import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.projections.EventFailure;
import io.refold.projections.Target;
import io.refold.projections.store.Heads;
import io.refold.projections.store.Heads.Note;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Parking;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Applies events to the tables of one generation. A batch is one transaction: it locks the
 * partition's head, compares owner, epoch and checkpoint, runs the user's code, moves the
 * checkpoint and commits. Shared by the owners of all partitions in a process.
 *
 * <p>Where partitions share rows, they take turns: in the process by a lock, so that who waits
 * holds no connection, and among processes by the generation's row.
 *
 * <p>A statement that has failed unnoticed by the user's code, or a constraint that is checked
 * late, shows itself only behind the batch. Then the batch is rolled back and run once more,
 * checked after each event, so that the failure gets the right address. So is a batch in which the
 * user's code has ended the transaction, which PostgreSQL tells by the transaction's number.
 */
final class SqlTarget implements Target {
  private final Database database;
  private final SqlHeads heads;
  private final TableNames names;
  private final Map<String, List<SqlSource>> sources;
  private final boolean shared;
  private final ReentrantLock turn = new ReentrantLock();

  SqlTarget(
      Database database, SqlHeads heads, TableNames names, Map<String, List<SqlSource>> sources) {
    this.database = database;
    this.heads = heads;
    this.names = names;
    this.sources = sources;
    this.shared = sources.values().stream().flatMap(List::stream).anyMatch(SqlSource::shared);
  }

  /** Some event of the batch is to blame, and it is not known which. */
  private static final class UnattributedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnattributedException(SQLException cause) {
      super(cause);
    }

    UnattributedException(String message) {
      super(message);
    }
  }

  /** What is done while a partition's head is locked. */
  private interface Step<T> {
    T in(Connection connection, SqlHeads.@Nullable Held held) throws SQLException, EventFailure;
  }

  private <T> T locked(Lease lease, Step<T> step) throws EventFailure {
    if (shared) {
      turn.lock();
    }
    try {
      return database.<T, EventFailure>run(
          "apply events to partition %d of generation %s"
              .formatted(lease.partition(), lease.generation()),
          connection -> {
            if (shared) {
              SqlGenerations.lock(connection, lease.generation());
            }
            return step.in(connection, SqlHeads.hold(connection, lease).orElse(null));
          });
    } finally {
      if (shared) {
        turn.unlock();
      }
    }
  }

  @Override
  public Heads heads() {
    return heads;
  }

  @Override
  public Result apply(
      Lease lease,
      List<StoredEvent> events,
      Position last,
      Parking parking,
      Map<Integer, Position> recorded)
      throws EventFailure {
    List<StoredEvent> outdating = new ArrayList<>();
    for (StoredEvent event : events) {
      if (!parking.parks(event) && !parking.drops(event) && meet(event)) {
        outdating.add(event);
      }
    }
    try {
      return apply(lease, events, last, parking, recorded, outdating, false);
    } catch (UnattributedException unattributed) {
      return apply(lease, events, last, parking, recorded, outdating, true);
    }
  }

  private Result apply(
      Lease lease,
      List<StoredEvent> events,
      Position last,
      Parking parking,
      Map<Integer, Position> recorded,
      List<StoredEvent> outdating,
      boolean checked)
      throws EventFailure {
    return locked(
        lease,
        (connection, held) -> {
          if (held == null) {
            return new Result.Gone();
          }
          if (!held.ours()) {
            return new Result.NotOwner();
          }
          Position checkpoint = held.checkpoint();
          Position expected = recorded.get(0);
          if (expected != null && checkpoint.sequence() < expected.sequence()) {
            return new Result.Regressed(0);
          }
          if (checkpoint.sequence() >= last.sequence()) {
            return new Result.Applied(Map.of(0, checkpoint), outdating);
          }
          List<StoredEvent> open =
              events.stream()
                  .filter(event -> event.position().sequence() > checkpoint.sequence())
                  .toList();
          var lock = HeadLock.of(connection);
          pass(lock, lease, open, parking, checked);
          if (!lock.held() || !move(connection, lease, checkpoint, last)) {
            throw new UnattributedException(
                "the lock on partition %d of generation %s was lost: code has ended the transaction"
                    .formatted(lease.partition(), lease.generation()));
          }
          return new Result.Applied(Map.of(0, last), outdating);
        });
  }

  private void pass(
      HeadLock lock, Lease lease, List<StoredEvent> events, Parking parking, boolean checked)
      throws SQLException, EventFailure {
    var heads = new HeadRow(lock.connection(), lease);
    for (StoredEvent event : events) {
      if (parking.parks(event)) {
        if (heads.note(event.stream()).isEmpty()) {
          heads.addNote(
              event.stream(), new Note(event.version() - 1, Position.origin(lease.partition())));
        }
      } else if (parking.drops(event)) {
        heads.addDrop(event);
      } else {
        run(lock, lease, event, checked);
      }
    }
    if (!checked) {
      try {
        Rows.execute(lock.connection(), "SET CONSTRAINTS ALL IMMEDIATE");
      } catch (SQLException e) {
        if (SqlFailures.away(e)) {
          throw e;
        }
        throw new UnattributedException(e);
      }
    }
  }

  /** Moves the checkpoint, and returns whether the head was still the one that was locked. */
  private static boolean move(Connection connection, Lease lease, Position from, Position to)
      throws SQLException {
    return Rows.update(
            connection,
            "UPDATE refold_head SET sequence = ?, micros = ?"
                + " WHERE projection = ? AND generation = ? AND part = ?"
                + " AND owner = ? AND epoch = ? AND sequence = ?",
            to.sequence(),
            to.micros(),
            lease.generation().projection(),
            lease.generation().number(),
            lease.partition(),
            lease.owner(),
            lease.epoch(),
            from.sequence())
        == 1;
  }

  /**
   * Runs the user's code for an event; a database that is away is no fault of the event.
   *
   * @param checked whether what would show itself only at the end is looked for right behind it
   */
  private void run(HeadLock lock, Lease lease, StoredEvent event, boolean checked)
      throws SQLException, EventFailure {
    var view =
        new SqlView(
            BorrowedConnection.of(lock.connection()),
            lease.generation().number(),
            names,
            new LinkedHashSet<>());
    try {
      for (SqlSource source : sources(event)) {
        source.apply(view, event);
      }
      if (checked) {
        lock.check();
      }
    } catch (Throwable thrown) {
      Optional<SQLException> failure = SqlFailures.in(thrown);
      if (failure.isPresent() && SqlFailures.away(failure.get())) {
        throw failure.get();
      }
      if (!checked && failure.isPresent() && SqlFailures.aborted(failure.get())) {
        throw new UnattributedException(failure.get());
      }
      throw EventFailure.of(event, thrown);
    }
  }

  /** Takes notice of a mark; returns whether it leaves rows as they are, wrongly. */
  private boolean meet(StoredEvent event) throws EventFailure {
    try {
      sources(event).forEach(source -> source.meet(event));
      return sources(event).stream().anyMatch(source -> source.outdatedBy(event));
    } catch (RuntimeException e) {
      throw EventFailure.of(event, e);
    }
  }

  private List<SqlSource> sources(StoredEvent event) {
    return sources.getOrDefault(event.stream().category(), List.of());
  }

  @Override
  public Retried retry(Lease lease, StoredEvent event, Parking parking, Position settled)
      throws EventFailure {
    boolean dropped = parking.drops(event);
    if (!dropped) {
      meet(event);
    }
    return locked(
        lease,
        (connection, held) -> {
          if (held == null) {
            return Retried.GONE;
          }
          if (!held.ours()) {
            return Retried.NOT_OWNER;
          }
          StreamId stream = event.stream();
          var head = new HeadRow(connection, lease);
          Optional<Note> note = head.note(stream);
          long passed = Math.max(settled.sequence(), held.checkpoint().sequence());
          if (note.isEmpty()
              || note.get().version() >= event.version()
              || event.position().sequence() > passed) {
            return Retried.DONE;
          }
          if (dropped) {
            head.addDrop(event);
          } else {
            run(HeadLock.of(connection), lease, event, true);
          }
          head.moveNote(stream, new Note(event.version(), event.position()));
          return Retried.DONE;
        });
  }
}
