package io.refold.eventstore;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Says line by line how what happened differs from what was expected: {@code =} equal, {@code ~}
 * changed, {@code -} missing, {@code +} unexpected. Under a changed record stand the components
 * that differ.
 */
final class Differences {
  private static final String EQUAL = "    = ";
  private static final String CHANGED = "    ~ ";
  private static final String MISSING = "    - ";
  private static final String UNEXPECTED = "    + ";
  private static final String DETAIL = "        ";

  private Differences() {}

  /**
   * Compares two lists with the fewest differences; a changed record counts as one, so it is told
   * apart from one that is missing beside another that is unexpected.
   */
  static List<String> ofLists(List<?> expected, List<?> actual) {
    int[][] costs = costs(expected, actual);
    var lines = new ArrayList<String>();
    int e = 0;
    int a = 0;
    while (e < expected.size() || a < actual.size()) {
      boolean both = e < expected.size() && a < actual.size();
      if (both && costs[e][a] == costs[e + 1][a + 1] + cost(expected.get(e), actual.get(a))) {
        lines.addAll(ofValues(expected.get(e++), actual.get(a++)));
      } else if (e < expected.size() && costs[e][a] == costs[e + 1][a] + 1) {
        lines.add(MISSING + expected.get(e++));
      } else {
        lines.add(UNEXPECTED + actual.get(a++));
      }
    }
    return lines;
  }

  /** Compares two values. */
  static List<String> ofValues(@Nullable Object expected, @Nullable Object actual) {
    if (Objects.equals(expected, actual)) {
      return List.of(EQUAL + actual);
    }
    var lines = new ArrayList<String>();
    if (expected instanceof Record was && actual instanceof Record is && sameType(was, is)) {
      lines.add(CHANGED + is);
      lines.addAll(components("", was, is));
      return lines;
    }
    String[] texts = texts(expected, actual);
    return List.of(MISSING + texts[0], UNEXPECTED + texts[1]);
  }

  /** The number of differences between what follows the first e expected and a actual items. */
  private static int[][] costs(List<?> expected, List<?> actual) {
    var costs = new int[expected.size() + 1][actual.size() + 1];
    for (int e = expected.size(); e >= 0; e--) {
      for (int a = actual.size(); a >= 0; a--) {
        if (e == expected.size() || a == actual.size()) {
          costs[e][a] = expected.size() - e + actual.size() - a;
        } else {
          int paired = costs[e + 1][a + 1] + cost(expected.get(e), actual.get(a));
          costs[e][a] = Math.min(paired, 1 + Math.min(costs[e + 1][a], costs[e][a + 1]));
        }
      }
    }
    return costs;
  }

  private static int cost(Object expected, Object actual) {
    if (expected.equals(actual)) {
      return 0;
    }
    return expected instanceof Record && sameType(expected, actual) ? 1 : 2;
  }

  private static boolean sameType(Object expected, Object actual) {
    return expected.getClass() == actual.getClass();
  }

  /** The components that differ, those of records within records by their path. */
  private static List<String> components(String path, Record expected, Record actual) {
    var lines = new ArrayList<String>();
    for (RecordComponent component : expected.getClass().getRecordComponents()) {
      Object was;
      Object is;
      try {
        component.getAccessor().setAccessible(true);
        was = component.getAccessor().invoke(expected);
        is = component.getAccessor().invoke(actual);
      } catch (ReflectiveOperationException | RuntimeException e) { // its module shows it to nobody
        return List.of(DETAIL + "expected " + expected);
      }
      String name = path + component.getName();
      if (was instanceof Record inner && is instanceof Record other && sameType(inner, other)) {
        lines.addAll(components(name + ".", inner, other));
      } else if (!Objects.equals(was, is)) {
        String[] texts = texts(was, is);
        lines.add("%s%s: expected %s, was %s".formatted(DETAIL, name, texts[0], texts[1]));
      }
    }
    return lines;
  }

  /** Values that differ but read the same are told apart by their types. */
  private static String[] texts(@Nullable Object expected, @Nullable Object actual) {
    String was = String.valueOf(expected);
    String is = String.valueOf(actual);
    if (!was.equals(is) || expected == null || actual == null) {
      return new String[] {was, is};
    }
    return sameType(expected, actual)
        ? new String[] {was, is + " (same text, but not equal)"}
        : new String[] {typed(expected), typed(actual)};
  }

  private static String typed(Object value) {
    return "%s (%s)".formatted(value, value.getClass().getSimpleName());
  }
}
