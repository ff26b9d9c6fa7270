package io.refold.projections;

import io.refold.projections.store.Generation;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An order of rows by a value, to find them by it. The value is computed from the row whenever the
 * row changes; null leaves the row out of the index. A changed computation needs a new version of
 * the projection. Immutable; thread-safe if the function is.
 *
 * @param <V> the rows
 */
public final class Index<V> {
  /** How many characters a text in an index may have. */
  static final int MAX_TEXT = 1_024;

  private final String name;
  private final boolean numeric;
  private final Function<V, @Nullable String> encoded;

  private Index(String name, boolean numeric, Function<V, @Nullable String> encoded) {
    Generation.checkName("index", name);
    this.name = name;
    this.numeric = numeric;
    this.encoded = encoded;
  }

  /**
   * An index by numbers, in numeric order.
   *
   * @param value gives a row's number; null leaves the row out
   * @throws IllegalArgumentException if the name is not allowed
   */
  public static <V> Index<V> ofLong(String name, Function<V, @Nullable Long> value) {
    return new Index<>(
        name,
        true,
        row -> {
          Long number = value.apply(row);
          return number == null ? null : encode(number);
        });
  }

  /**
   * An index by texts, in the order of their code points.
   *
   * @param value gives a row's text, at most 1,024 characters without U+0000; null leaves the row
   *     out
   * @throws IllegalArgumentException if the name is not allowed
   */
  public static <V> Index<V> ofString(String name, Function<V, @Nullable String> value) {
    return new Index<>(
        name,
        false,
        row -> {
          String text = value.apply(row);
          return text == null ? null : encode(text);
        });
  }

  /** Returns the index's name. */
  public String name() {
    return name;
  }

  boolean numeric() {
    return numeric;
  }

  /** Returns the row's encoded value, or null if it is not in this index. */
  @Nullable String valueOf(V row) {
    return encoded.apply(row);
  }

  /** 16 hexadecimal digits whose order as text is the order of the numbers. */
  static String encode(long number) {
    String digits = Long.toHexString(number ^ Long.MIN_VALUE);
    return "0".repeat(16 - digits.length()) + digits;
  }

  /** Returns the value as text; one that nothing was encoded as stays as it is. */
  String decode(String encoded) {
    try {
      return numeric
          ? String.valueOf(Long.parseUnsignedLong(encoded, 16) ^ Long.MIN_VALUE)
          : encoded;
    } catch (NumberFormatException e) {
      return encoded;
    }
  }

  static String encode(String text) {
    if (text.length() > MAX_TEXT || text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "an indexed text has at most %d characters and no U+0000, not '%.80s' (%d characters)"
              .formatted(MAX_TEXT, text, text.length()));
    }
    return text;
  }
}
