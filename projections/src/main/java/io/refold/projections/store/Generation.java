package io.refold.projections.store;

/**
 * One filling of a projection's rows from the first event on. A rebuild makes a new one beside the
 * one that is read; numbers are never used twice.
 *
 * @param projection the projection's name
 * @param number from 1
 */
public record Generation(String projection, int number) {
  private static final int MAX_NAME_LENGTH = 64;

  /**
   * Checks name and number.
   *
   * @throws IllegalArgumentException if the name is not allowed or the number below 1
   */
  public Generation {
    checkName("projection", projection);
    if (number < 1) {
      throw new IllegalArgumentException("generation %d is below 1".formatted(number));
    }
  }

  /**
   * Checks the name of a projection or an index: 1 to 64 characters, none of them {@code :}, <code>
   * {</code>, <code>}</code> or a control character.
   *
   * @param what what it names, for the message
   * @throws IllegalArgumentException if it is not allowed
   */
  public static void checkName(String what, String name) {
    if (name.isEmpty() || name.length() > MAX_NAME_LENGTH) {
      throw new IllegalArgumentException(
          "%s name '%.70s' has %d characters, 1 to %d are allowed"
              .formatted(what, name, name.length(), MAX_NAME_LENGTH));
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == ':' || c == '{' || c == '}' || Character.isISOControl(c)) {
        throw new IllegalArgumentException(
            "%s name '%s' contains U+%04X: ':', '{', '}' and control characters are not allowed"
                .formatted(what, name, (int) c));
      }
    }
  }

  /** Returns {@code projection:number}, the form used in keys. */
  @Override
  public String toString() {
    return projection + ":" + number;
  }
}
