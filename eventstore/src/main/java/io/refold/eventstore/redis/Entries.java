package io.refold.eventstore.redis;

import io.refold.eventstore.EncodedEvent;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Metadata;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;

/** Stream entries of layout version 1, to events and log entries and back. */
final class Entries {
  private static final JsonMapper MAPPER = JsonMapper.builder().build();
  private static final ObjectWriter METADATA_WRITER = MAPPER.writer();
  private static final ObjectReader METADATA_READER = MAPPER.readerForMapOf(String.class);

  private Entries() {}

  static String metadata(Metadata metadata) {
    return metadata.isEmpty() ? "" : METADATA_WRITER.writeValueAsString(metadata.entries());
  }

  /** Reads an event from the fields of its entry. */
  static StoredEvent event(
      StreamId stream, int partition, long version, Map<String, byte[]> fields) {
    return StoredBytes.read(
        () -> "event %d of %s".formatted(version, stream),
        () ->
            new StoredEvent(
                stream,
                version,
                Position.ofLogId(partition, text(required(fields, "p"))),
                text(required(fields, "c")),
                metadata(fields.get("m")),
                new EncodedEvent(text(required(fields, "t")), required(fields, "d"))));
  }

  /**
   * Reads an event from its entry in a reply.
   *
   * @throws IllegalArgumentException if the entry is damaged
   */
  static StoredEvent event(StreamId stream, int partition, RawEntry entry) {
    long version = entry.major();
    return new StoredEvent(
        stream,
        version,
        new Position(partition, entry.major('p'), entry.minor('p')),
        entry.text('c'),
        entry.has('m') ? metadata(entry.bytes('m')) : Metadata.empty(),
        new EncodedEvent(entry.text('t'), entry.bytes('d')));
  }

  /**
   * Reads a log entry from a reply.
   *
   * @throws IllegalArgumentException if the entry is damaged
   */
  static LogEntry logEntry(int partition, RawEntry entry) {
    var position = new Position(partition, entry.major(), entry.minor());
    return logEntry(position, entry.text('w'));
  }

  /** Reads a script's list of entries, each {@code [id, [name, value, …]]}. */
  static List<StoredEvent> events(StreamId stream, int partition, List<?> entries) {
    return StoredBytes.read(
        () -> "the stream of " + stream, () -> entriesOf(stream, partition, entries));
  }

  private static List<StoredEvent> entriesOf(StreamId stream, int partition, List<?> entries) {
    var events = new ArrayList<StoredEvent>(entries.size());
    for (Object entry : entries) {
      var parts = (List<?>) entry;
      var flat = (List<?>) parts.get(1);
      var fields = new HashMap<String, byte[]>();
      for (int i = 0; i < flat.size(); i += 2) {
        fields.put(text(flat.get(i)), (byte[]) flat.get(i + 1));
      }
      events.add(event(stream, partition, version(text(parts.getFirst())), fields));
    }
    return events;
  }

  /** Reads a log entry: a line per stream, {@code firstVersion count category:id}. */
  static LogEntry logEntry(int partition, String id, byte[] lines) {
    return StoredBytes.read(
        () -> "log entry %s of partition %d".formatted(id, partition),
        () -> logEntry(Position.ofLogId(partition, id), text(lines)));
  }

  /** Reads the id of a log entry from a reply. */
  static Position position(int partition, Object logId) {
    return StoredBytes.read(
        () -> "the log of partition " + partition, () -> Position.ofLogId(partition, text(logId)));
  }

  private static LogEntry logEntry(Position position, String lines) {
    int end = lines.indexOf('\n');
    if (end < 0) {
      return new LogEntry(position, List.of(pointer(lines)));
    }
    var pointers = new ArrayList<LogEntry.Pointer>();
    for (String line : lines.split("\n", -1)) {
      pointers.add(pointer(line));
    }
    return new LogEntry(position, pointers);
  }

  private static LogEntry.Pointer pointer(String line) {
    int first = line.indexOf(' ');
    int second = line.indexOf(' ', first + 1);
    if (first < 1 || second < 0) {
      throw new IllegalArgumentException("'%s' is no version, number and stream".formatted(line));
    }
    return new LogEntry.Pointer(
        StreamId.parse(line.substring(second + 1)),
        Long.parseLong(line, 0, first, 10),
        Integer.parseInt(line, first + 1, second, 10));
  }

  static long version(String entryId) {
    return Long.parseLong(entryId, 0, entryId.indexOf('-'), 10);
  }

  static String text(Object bytes) {
    return new String((byte[]) bytes, StandardCharsets.UTF_8);
  }

  private static byte[] required(Map<String, byte[]> fields, String name) {
    byte[] value = fields.get(name);
    if (value == null) {
      throw new IllegalArgumentException("it has no field '%s'".formatted(name));
    }
    return value;
  }

  private static Metadata metadata(byte @Nullable [] json) {
    if (json == null) {
      return Metadata.empty();
    }
    try {
      Map<String, String> entries = METADATA_READER.readValue(json);
      return new Metadata(entries);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "its metadata is no JSON object of texts (%s)".formatted(e.getOriginalMessage()), e);
    }
  }
}
