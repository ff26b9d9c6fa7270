package io.refold.eventstore;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a caller wants to keep beside its events, such as a user or a trace id: at most 32 entries,
 * names of 1 to 64 characters, values of at most 1,024. It is stored with every event of an append,
 * so short is cheap. Immutable.
 *
 * @param entries names and values
 */
public record Metadata(Map<String, String> entries) {
  private static final Metadata EMPTY = new Metadata(Map.of());

  /**
   * Copies and checks the entries.
   *
   * @throws IllegalArgumentException if there are too many, or one is too long
   */
  public Metadata {
    if (entries.size() > 32) {
      throw new IllegalArgumentException(
          "metadata has %d entries, at most 32 are allowed".formatted(entries.size()));
    }
    entries.forEach((name, value) -> {
      Names.text(name, "a metadata name");
      Names.text(value, "metadata '%.64s'".formatted(name));
      if (name.isEmpty() || name.length() > 64 || value.length() > 1024) {
        throw new IllegalArgumentException(
            "metadata '%.70s' (%d characters) is too long or unnamed: names have 1 to 64"
                    .formatted(name, value.length())
                + " characters, values at most 1,024");
      }
    });
    entries = Collections.unmodifiableSortedMap(new TreeMap<>(entries));
  }

  /** Returns metadata without entries. */
  public static Metadata empty() {
    return EMPTY;
  }

  /** Returns metadata with one entry. */
  public static Metadata of(String name, String value) {
    return new Metadata(Map.of(name, value));
  }

  /** Returns a copy with one more entry; an entry of the same name is replaced. */
  public Metadata with(String name, String value) {
    var more = new TreeMap<>(entries);
    more.put(name, value);
    return new Metadata(more);
  }

  /** Tells whether there is no entry. */
  public boolean isEmpty() {
    return entries.isEmpty();
  }
}
