package io.refold.eventstore;

/**
 * What Jackson writes and may refuse to read again: halves of surrogate pairs, which it escapes;
 * numbers that are very long, or have an exponent; and nesting. An instance gathers them for one
 * event while its parts are encrypted; not thread-safe.
 */
final class JsonDoubts {
  private static final int DIGITS = 900;
  private static final int DEPTH = 200;

  private boolean found;

  /** Takes a part that nobody can look into afterwards. */
  void add(byte[] json) {
    found |= about(json);
  }

  /** Tells whether a part is worth reading. */
  boolean found() {
    return found;
  }

  /** Tells whether it is worth reading. Texts that only look like one of these count, too. */
  static boolean about(byte[] json) {
    int digits = 0;
    int depth = 0;
    for (int i = 0; i < json.length; i++) {
      byte c = json[i];
      boolean digit = c >= '0' && c <= '9';
      if (digit && ++digits > DIGITS) {
        return true;
      }
      if (c == '{' || c == '[') {
        depth++;
      } else if (c == '}' || c == ']') {
        depth--;
      } else if (c == 'E' && digits > 0) {
        return true;
      }
      if (depth > DEPTH || (c == '\\' && isSurrogate(json, i))) {
        return true;
      }
      if (!digit) {
        digits = 0;
      }
    }
    return false;
  }

  private static boolean isSurrogate(byte[] json, int backslash) {
    return backslash + 2 < json.length
        && json[backslash + 1] == 'u'
        && (json[backslash + 2] | ' ') == 'd';
  }
}
