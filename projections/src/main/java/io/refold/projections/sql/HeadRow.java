package io.refold.projections.sql;

import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.projections.store.Heads.Note;
import io.refold.projections.store.Lease;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/** What a head knows of parked streams, while its row is locked. */
record HeadRow(Connection connection, Lease lease) {
  Optional<Note> note(StreamId stream) throws SQLException {
    return Rows.select(
            connection,
            row ->
                new Note(
                    row.getLong(1),
                    new Position(lease.partition(), row.getLong(2), row.getLong(3))),
            "SELECT version, sequence, micros FROM refold_note"
                + " WHERE projection = ? AND generation = ? AND part = ?"
                + " AND category = ? AND stream = ?",
            lease.generation().projection(),
            lease.generation().number(),
            lease.partition(),
            stream.category(),
            stream.id())
        .stream()
        .findFirst();
  }

  void addNote(StreamId stream, Note note) throws SQLException {
    Rows.update(
        connection,
        "INSERT INTO refold_note"
            + " (projection, generation, part, category, stream, version, sequence, micros)"
            + " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        lease.generation().projection(),
        lease.generation().number(),
        lease.partition(),
        stream.category(),
        stream.id(),
        note.version(),
        note.position().sequence(),
        note.position().micros());
  }

  void moveNote(StreamId stream, Note note) throws SQLException {
    removeNote(stream);
    addNote(stream, note);
  }

  void removeNote(StreamId stream) throws SQLException {
    Rows.update(
        connection,
        "DELETE FROM refold_note WHERE projection = ? AND generation = ? AND part = ?"
            + " AND category = ? AND stream = ?",
        lease.generation().projection(),
        lease.generation().number(),
        lease.partition(),
        stream.category(),
        stream.id());
  }

  /** Records that a dropped event was passed; it may be on record already. */
  void addDrop(StoredEvent event) throws SQLException {
    Rows.update(
        connection,
        "DELETE FROM refold_drop WHERE projection = ? AND generation = ? AND part = ?"
            + " AND category = ? AND stream = ? AND version = ?",
        lease.generation().projection(),
        lease.generation().number(),
        lease.partition(),
        event.stream().category(),
        event.stream().id(),
        event.version());
    Rows.update(
        connection,
        "INSERT INTO refold_drop (projection, generation, part, category, stream, version)"
            + " VALUES (?, ?, ?, ?, ?, ?)",
        lease.generation().projection(),
        lease.generation().number(),
        lease.partition(),
        event.stream().category(),
        event.stream().id(),
        event.version());
  }
}
