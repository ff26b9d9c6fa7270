package io.refold.eventstore;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The present event types of a codec: each record with its name and version. */
final class EventTypes {
  private final Class<?> root;
  private final Map<Class<?>, TypeVersion> byClass = new LinkedHashMap<>();
  private final Map<String, TypeVersion> byName = new TreeMap<>();

  EventTypes(Class<?> root, Map<Class<?>, String> names, Map<Class<?>, Integer> versions) {
    this.root = root;
    for (Class<?> event : SealedRecords.below(root)) {
      String name = names.getOrDefault(event, SealedRecords.logicalName(event));
      var type = new TypeVersion(name, versions.getOrDefault(event, 1));
      if (byName.put(name, type) != null) {
        throw new IllegalArgumentException(
            "two events of %s would be stored as '%s': rename one"
                .formatted(root.getSimpleName(), name));
      }
      byClass.put(event, type);
    }
    names.keySet().forEach(this::of);
    versions.keySet().forEach(this::of);
  }

  /** Returns the records. */
  Collection<Class<?>> classes() {
    return byClass.keySet();
  }

  /** Returns the type of a record that a declaration names. */
  TypeVersion of(Class<?> event) {
    TypeVersion type = byClass.get(event);
    if (type == null) {
      throw new IllegalArgumentException(
          "%s is not an event of %s; it knows %s"
              .formatted(event.getName(), root.getName(), names()));
    }
    return type;
  }

  /** Returns the present version of a name. */
  Optional<TypeVersion> named(String name) {
    return Optional.ofNullable(byName.get(name));
  }

  boolean isPresent(TypeVersion type) {
    return type.equals(byName.get(type.name()));
  }

  /** Returns all names in alphabetical order. */
  Set<String> names() {
    return byName.keySet();
  }

  Class<?> root() {
    return root;
  }
}
