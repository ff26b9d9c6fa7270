package io.refold.eventstore.redis;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An entry of a stream as it lies there, whatever it is.
 *
 * @param id its id
 * @param fields its fields
 */
record StoredEntry(String id, Map<String, String> fields) {
  private static final int NONE = -1;

  /** Reads a reply to XRANGE. */
  static List<StoredEntry> list(@Nullable Object reply) {
    var entries = new ArrayList<StoredEntry>();
    for (Object entry : ReadCommands.list(reply)) {
      entries.add(of(entry));
    }
    return entries;
  }

  /** Reads an entry of a reply. */
  static StoredEntry of(@Nullable Object entry) {
    List<?> parts = ReadCommands.list(entry);
    List<?> flat = ReadCommands.list(parts.get(1));
    var fields = new HashMap<String, String>();
    for (int i = 0; i + 1 < flat.size(); i += 2) {
      fields.put(ReadCommands.text(flat.get(i)), ReadCommands.text(flat.get(i + 1)));
    }
    return new StoredEntry(ReadCommands.text(parts.get(0)), fields);
  }

  /** Returns the first half of the id: a version, or the number of an append. */
  long number() {
    return number(id);
  }

  /** Returns the first half of an id; -1 if it is too large to be one of ours. */
  static long number(String id) {
    int dash = id.indexOf('-');
    return dash < 1 || dash > 18 ? NONE : Long.parseLong(id, 0, dash, 10);
  }

  String field(String name) {
    return fields.getOrDefault(name, "");
  }
}
