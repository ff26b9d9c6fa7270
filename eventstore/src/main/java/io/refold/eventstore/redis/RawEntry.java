package io.refold.eventstore.redis;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * An entry of a stream as it lies in a reply: its id, and single-letter fields. It is valid until
 * the next one is read. Not thread-safe.
 */
final class RawEntry {
  private static final int LETTERS = 26;

  /** How an entry becomes what the caller wants. */
  @FunctionalInterface
  interface Reader<T> {
    /**
     * Reads an entry.
     *
     * @throws IllegalArgumentException if it is not as it should be
     */
    T read(RawEntry entry);
  }

  private final int[] from = new int[LETTERS];
  private final int[] to = new int[LETTERS];
  private byte[] bytes = {};
  private int idFrom;
  private int idTo;

  /** Starts over with an entry that has this id and no fields yet. */
  void begin(byte[] reply, int first, int end) {
    bytes = reply;
    idFrom = first;
    idTo = end;
    Arrays.fill(from, -1);
  }

  void field(byte name, int first, int end) {
    int letter = name - 'a';
    if (letter < 0 || letter >= LETTERS) {
      throw surprise();
    }
    from[letter] = first;
    to[letter] = end;
  }

  boolean has(char field) {
    return from[field - 'a'] >= 0;
  }

  /** Returns a field's value, as a copy. */
  byte[] bytes(char field) {
    int letter = letter(field);
    return Arrays.copyOfRange(bytes, from[letter], to[letter]);
  }

  String text(char field) {
    int letter = letter(field);
    return new String(bytes, from[letter], to[letter] - from[letter], StandardCharsets.UTF_8);
  }

  /** Returns the first half of a field's value, which is an id. */
  long major(char field) {
    int letter = letter(field);
    return number(from[letter], dash(from[letter], to[letter]));
  }

  /** Returns the second half of a field's value, which is an id. */
  long minor(char field) {
    int letter = letter(field);
    return number(dash(from[letter], to[letter]) + 1, to[letter]);
  }

  /** Returns the first half of the entry's own id. */
  long major() {
    return number(idFrom, dash(idFrom, idTo));
  }

  /** Returns the second half of the entry's own id. */
  long minor() {
    return number(dash(idFrom, idTo) + 1, idTo);
  }

  private int letter(char field) {
    int letter = field - 'a';
    if (from[letter] < 0) {
      throw surprise();
    }
    return letter;
  }

  private int dash(int first, int end) {
    for (int i = first; i < end; i++) {
      if (bytes[i] == '-') {
        return i;
      }
    }
    throw surprise();
  }

  private long number(int first, int end) {
    if (first == end || end - first > 18) {
      throw surprise();
    }
    long number = 0;
    for (int i = first; i < end; i++) {
      int digit = bytes[i] - '0';
      if (digit < 0 || digit > 9) {
        throw surprise();
      }
      number = 10 * number + digit;
    }
    return number;
  }

  private static IllegalArgumentException surprise() {
    return new IllegalArgumentException("an entry is not as it should be");
  }
}
