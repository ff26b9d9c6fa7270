package io.refold.projections.sql;

import io.refold.eventstore.Position;
import io.refold.eventstore.StreamId;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Heads;
import io.refold.projections.store.Lease;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Heads as rows beside the user's tables: a generation has one shard, with a row per partition. */
final class SqlHeads implements Heads {
  private final Database database;
  private final SqlGenerations generations;
  private final int partitions;

  SqlHeads(Database database, SqlGenerations generations, int partitions) {
    this.database = database;
    this.generations = generations;
    this.partitions = partitions;
  }

  /**
   * A head while its row is locked.
   *
   * @param ours whether it holds the lease that was asked for
   */
  record Held(boolean ours, Position checkpoint) {}

  /** A part of what a head knows. */
  private record Part(String kind, StreamId stream, long version, Position position) {}

  @Override
  public void create(Generation generation, int shard) {
    generations.create(generation, partitions);
  }

  @Override
  public void delete(Generation generation, int shard, List<String> indexes) {
    generations.delete(generation);
  }

  @Override
  public void show(Layout live) {
    generations.show(live.shape().version(), live.generation());
  }

  @Override
  public Fencing fence(int shard, Lease lease) {
    return database.<Fencing, RuntimeException>run(
        "take over partition %d of generation %s".formatted(lease.partition(), lease.generation()),
        connection -> {
          int changed =
              Rows.update(
                  connection,
                  "UPDATE refold_head SET owner = ?, epoch = ?"
                      + " WHERE projection = ? AND generation = ? AND part = ?"
                      + " AND (epoch < ? OR (epoch = ? AND owner = ?))",
                  lease.owner(),
                  lease.epoch(),
                  lease.generation().projection(),
                  lease.generation().number(),
                  lease.partition(),
                  lease.epoch(),
                  lease.epoch(),
                  lease.owner());
          if (changed > 0) {
            return new Fencing.Done();
          }
          List<Long> epochs =
              Rows.select(
                  connection,
                  row -> row.getLong(1),
                  "SELECT epoch FROM refold_head"
                      + " WHERE projection = ? AND generation = ? AND part = ?",
                  lease.generation().projection(),
                  lease.generation().number(),
                  lease.partition());
          return epochs.isEmpty() ? new Fencing.Gone() : new Fencing.Refused(epochs.getFirst());
        });
  }

  /** Locks the head of a lease's partition until the transaction ends. */
  static Optional<Held> hold(Connection connection, Lease lease) throws SQLException {
    return Rows.select(
            connection,
            row ->
                new Held(
                    row.getString(1).equals(lease.owner()) && row.getLong(2) == lease.epoch(),
                    new Position(lease.partition(), row.getLong(3), row.getLong(4))),
            "SELECT owner, epoch, sequence, micros FROM refold_head"
                + " WHERE projection = ? AND generation = ? AND part = ? FOR UPDATE",
            lease.generation().projection(),
            lease.generation().number(),
            lease.partition())
        .stream()
        .findFirst();
  }

  @Override
  public Optional<Head> head(Generation generation, int shard, int partition) {
    // One statement, so that all parts are of one moment.
    List<Part> parts =
        database.run(
            "read the head of partition %d of generation %s".formatted(partition, generation),
            connection ->
                Rows.select(
                    connection,
                    row ->
                        new Part(
                            row.getString(1),
                            new StreamId(row.getString(2), row.getString(3)),
                            row.getLong(4),
                            new Position(partition, row.getLong(5), row.getLong(6))),
                    """
                    SELECT 'head', '-', '-', 0, sequence, micros FROM refold_head
                      WHERE projection = ? AND generation = ? AND part = ?
                    UNION ALL
                    SELECT 'note', category, stream, version, sequence, micros FROM refold_note
                      WHERE projection = ? AND generation = ? AND part = ?
                    UNION ALL
                    SELECT 'drop', category, stream, version, 0, 0 FROM refold_drop
                      WHERE projection = ? AND generation = ? AND part = ?\
                    """,
                    generation.projection(),
                    generation.number(),
                    partition,
                    generation.projection(),
                    generation.number(),
                    partition,
                    generation.projection(),
                    generation.number(),
                    partition));
    Map<StreamId, Note> notes = new HashMap<>();
    Set<EventAddress> drops = new HashSet<>();
    Optional<Position> checkpoint = Optional.empty();
    for (Part part : parts) {
      switch (part.kind()) {
        case "head" -> checkpoint = Optional.of(part.position());
        case "note" -> notes.put(part.stream(), new Note(part.version(), part.position()));
        default -> drops.add(new EventAddress(part.stream(), part.version()));
      }
    }
    return checkpoint.map(position -> new Head(position, notes, drops));
  }

  @Override
  public void unnote(int shard, Lease lease, StreamId stream) {
    database.change(
        "remove the note of " + stream,
        connection -> {
          if (hold(connection, lease).filter(Held::ours).isPresent()) {
            new HeadRow(connection, lease).removeNote(stream);
          }
        });
  }
}
