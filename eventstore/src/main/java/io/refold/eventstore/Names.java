package io.refold.eventstore;

/** The rules for what may name a category, a stream or a command, in one place. */
final class Names {
  static final int MAX_CATEGORY_LENGTH = 64;
  static final int MAX_ID_LENGTH = 256;
  static final int MAX_COMMAND_ID_LENGTH = 128;

  private Names() {}

  static String category(String name) {
    require(name, "category", MAX_CATEGORY_LENGTH);
    for (int i = 0; i < name.length(); i++) {
      if (":{}".indexOf(name.charAt(i)) >= 0) {
        throw new IllegalArgumentException(
            "category '%s' contains '%s': ':', '{' and '}' structure keys, choose another name"
                .formatted(name, name.charAt(i)));
      }
    }
    return name;
  }

  static String streamId(String id) {
    return require(id, "stream id", MAX_ID_LENGTH);
  }

  static String subject(String id) {
    return require(id, "subject id", MAX_ID_LENGTH);
  }

  static String commandId(String id) {
    return require(id, "command id", MAX_COMMAND_ID_LENGTH);
  }

  private static String require(String name, String what, int maxLength) {
    if (name.isEmpty()) {
      throw new IllegalArgumentException(what + " is empty");
    }
    if (name.length() > maxLength) {
      throw new IllegalArgumentException(
          "%s is %d characters long, at most %d are allowed: '%.40s…'"
              .formatted(what, name.length(), maxLength, name));
    }
    for (int i = 0; i < name.length(); i++) {
      if (Character.isISOControl(name.charAt(i))) {
        throw new IllegalArgumentException(
            "%s has a control character (U+%04X) at index %d"
                .formatted(what, (int) name.charAt(i), i));
      }
    }
    return text(name, what);
  }

  /** Refuses what UTF-8 cannot say. */
  static String text(String text, String what) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        boolean pair =
            i + 1 < text.length() && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1));
        if (!pair) {
          throw new IllegalArgumentException(
              "%s has half a surrogate pair at index %d: it is not valid text".formatted(what, i));
        }
        i++;
      }
    }
    return text;
  }
}
