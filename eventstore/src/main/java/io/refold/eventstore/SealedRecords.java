package io.refold.eventstore;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** The records that a sealed type stands for, and the names under which they are stored. */
final class SealedRecords {
  private SealedRecords() {}

  /** Returns whether a type is sealed and, at any depth, permits nothing but records. */
  static boolean isAlternative(Class<?> type) {
    return type.isSealed()
        && Arrays.stream(type.getPermittedSubclasses())
            .allMatch(permitted -> permitted.isRecord() || isAlternative(permitted));
  }

  /** Returns the records below a type, or the type itself if it is one. */
  static Set<Class<?>> below(Class<?> type) {
    if (type.isRecord()) {
      return Set.of(type);
    }
    if (!type.isSealed()) {
      throw new IllegalArgumentException(
          "%s is neither a record nor sealed: events are records under a sealed interface"
              .formatted(type.getName()));
    }
    var found = new LinkedHashSet<Class<?>>();
    for (Class<?> permitted : type.getPermittedSubclasses()) {
      found.addAll(below(permitted));
    }
    return found;
  }

  /** Returns the records below a sealed type by their names, which must differ. */
  static Map<String, Class<?>> named(Class<?> sealed) {
    var named = new LinkedHashMap<String, Class<?>>();
    for (Class<?> alternative : below(sealed)) {
      Class<?> other = named.put(logicalName(alternative), alternative);
      if (other != null) {
        throw new IllegalArgumentException(
            "two alternatives of %s, %s and %s, would be stored as '%s': rename one"
                .formatted(
                    sealed.getName(),
                    other.getName(),
                    alternative.getName(),
                    logicalName(alternative)));
      }
    }
    return named;
  }

  /** Returns {@code penalty-added} for {@code PenaltyAdded}. */
  static String logicalName(Class<?> type) {
    return type.getSimpleName()
        .replaceAll("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-")
        .toLowerCase(Locale.ROOT);
  }
}
