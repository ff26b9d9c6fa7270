package io.refold.eventstore;

import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The values that stand for properties which older events do not have. */
final class EventDefaults {
  /** A default as it was declared. */
  record Declared(Class<?> event, String component, Object value) {}

  private final Map<TypeVersion, Map<String, JsonNode>> values = new HashMap<>();

  EventDefaults(EventTypes types, Collection<Declared> declared, JsonMapper mapper) {
    for (Declared one : declared) {
      values
          .computeIfAbsent(types.of(one.event()), type -> new TreeMap<>())
          .put(propertyName(one, mapper), json(one, mapper));
    }
  }

  /** Returns per class the components that have a default: null is written, not left out. */
  static Map<Class<?>, Set<String>> components(Collection<Declared> declared) {
    var components = new HashMap<Class<?>, Set<String>>();
    for (Declared one : declared) {
      components.computeIfAbsent(one.event(), event -> new HashSet<>()).add(one.component());
    }
    return components;
  }

  /** Returns the properties of a type that have a default. */
  Set<String> properties(TypeVersion type) {
    return values.getOrDefault(type, Map.of()).keySet();
  }

  /** Adds what is missing. */
  void fill(TypeVersion type, ObjectNode data) {
    values
        .getOrDefault(type, Map.of())
        .forEach((property, value) -> {
          if (!data.has(property)) {
            data.set(property, value.deepCopy());
          }
        });
  }

  private static String propertyName(Declared one, JsonMapper mapper) {
    return JsonShape.properties(mapper, mapper.constructType(one.event())).stream()
        .filter(property -> property.getInternalName().equals(one.component()))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "%s has no stored component '%s' that could have a default; it has %s"
                    .formatted(
                        one.event().getName(),
                        one.component(),
                        components(one.event()).map(RecordComponent::getName).toList())))
        .getName();
  }

  private static JsonNode json(Declared one, JsonMapper mapper) {
    JavaType type =
        components(one.event())
            .filter(component -> component.getName().equals(one.component()))
            .map(component -> mapper.constructType(component.getGenericType()))
            .findFirst()
            .orElseThrow();
    try {
      String json = mapper.writerFor(type).writeValueAsString(one.value());
      return mapper.reader().with(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS).readTree(json);
    } catch (JacksonException | ClassCastException e) {
      throw mistyped(one, type, e);
    }
  }

  private static IllegalArgumentException mistyped(Declared one, JavaType type, Exception cause) {
    return new IllegalArgumentException(
        "the default of '%s' of %s is %s (%s), which is no value of %s"
            .formatted(
                one.component(),
                one.event().getName(),
                one.value(),
                one.value().getClass().getName(),
                type.toCanonical()),
        cause);
  }

  private static Stream<RecordComponent> components(Class<?> event) {
    return Arrays.stream(event.getRecordComponents());
  }
}
