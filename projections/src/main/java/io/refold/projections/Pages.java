package io.refold.projections;

import io.refold.projections.store.Generations;
import io.refold.projections.store.Views;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Bounds, cursors and merging of pages over several shards. */
final class Pages {
  /** The order of Redis: that of the UTF-8 bytes, which is that of the code points. */
  static final Comparator<String> BYTES = Pages::compareCodePoints;

  private Pages() {}

  private static int compareCodePoints(String a, String b) {
    int length = Math.min(a.length(), b.length());
    for (int i = 0; i < length; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        boolean xs = Character.isSurrogate(x);
        boolean ys = Character.isSurrogate(y);
        return xs == ys ? Character.compare(x, y) : Boolean.compare(xs, ys);
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  static <V> Views.Span span(RowFormat<V> format, IndexQuery query) {
    Index<V> index = format.index(query.index());
    @Nullable String min = encode(index, query.min());
    @Nullable String max = encode(index, query.max());
    return new Views.Span(
        index.name(),
        min == null ? "-" : "[" + min + '\0',
        max == null ? "+" : "(" + max + '\u0001',
        query.isDescending(),
        query.limit());
  }

  private static @Nullable String encode(Index<?> index, @Nullable Comparable<?> value) {
    if (value == null) {
      return null;
    }
    if (index.numeric() && value instanceof Long number) {
      return Index.encode(number);
    }
    if (!index.numeric() && value instanceof String text) {
      return Index.encode(text);
    }
    throw new IllegalArgumentException(
        "index '%s' is of %s, not of %s"
            .formatted(
                index.name(),
                index.numeric() ? "numbers" : "texts",
                value.getClass().getSimpleName()));
  }

  /** Starts behind a member instead of at the beginning. */
  static Views.Span behind(Views.Span span, String member) {
    return span.descending()
        ? new Views.Span(span.index(), span.min(), "(" + member, true, span.limit())
        : new Views.Span(span.index(), "(" + member, span.max(), false, span.limit());
  }

  /** Puts the hits of all shards in order and keeps as many as were asked for. */
  static List<Views.Hit> merge(List<Views.Hit> hits, Views.Span span) {
    Comparator<Views.Hit> order = Comparator.comparing(Views.Hit::member, BYTES);
    return hits.stream()
        .sorted(span.descending() ? order.reversed() : order)
        .limit(span.limit())
        .toList();
  }

  /** A cursor is the version, the generation and the last member, so that its origin shows. */
  static String cursor(Generations.Layout layout, String member) {
    String text =
        "%d:%d:%s".formatted(layout.shape().version(), layout.generation().number(), member);
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Returns the last member that a cursor names. The order of members is the same in every
   * generation of a version, so a cursor of a dropped generation goes on in its successor.
   */
  static String member(String cursor, int version) {
    Optional<String> text = decode(cursor);
    int first = text.map(t -> t.indexOf(':')).orElse(-1);
    int second = text.map(t -> t.indexOf(':', first + 1)).orElse(-1);
    if (first < 1 || second < 0) {
      throw new IllegalArgumentException("'%s' is not a cursor of a page".formatted(cursor));
    }
    OptionalInt origin = number(text.get().substring(0, first));
    if (origin.isEmpty() || origin.getAsInt() != version) {
      throw new IllegalArgumentException(
          "the cursor is of another version than %d of the projection: start at the first page"
              .formatted(version));
    }
    return text.get().substring(second + 1);
  }

  private static Optional<String> decode(String cursor) {
    try {
      return Optional.of(new String(Base64.getUrlDecoder().decode(cursor), StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static OptionalInt number(String digits) {
    try {
      return OptionalInt.of(Integer.parseInt(digits));
    } catch (NumberFormatException e) {
      return OptionalInt.empty();
    }
  }
}
