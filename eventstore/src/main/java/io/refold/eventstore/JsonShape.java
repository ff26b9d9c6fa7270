package io.refold.eventstore;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Modifier;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Currency;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import tools.jackson.databind.BeanDescription;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.introspect.AnnotatedClass;
import tools.jackson.databind.introspect.BeanPropertyDefinition;
import tools.jackson.databind.introspect.ClassIntrospector;
import tools.jackson.databind.json.JsonMapper;

/**
 * Walks through everything that a type can hold, by declared types: describes it, and refuses what
 * could be written but not read again.
 */
final class JsonShape {
  private static final Set<Class<?>> SCALARS =
      Set.of(
          String.class,
          Boolean.class,
          Byte.class,
          Short.class,
          Character.class,
          Integer.class,
          Long.class,
          Float.class,
          Double.class,
          BigInteger.class,
          BigDecimal.class,
          UUID.class,
          URI.class,
          Locale.class,
          Currency.class,
          OptionalInt.class,
          OptionalLong.class,
          OptionalDouble.class);
  private static final Set<Class<?>> NO_KEYS =
      Set.of(OptionalInt.class, OptionalLong.class, OptionalDouble.class);

  private final JsonMapper mapper;
  private final boolean opaqueAllowed;
  private final TreeMap<String, String> definitions = new TreeMap<>();

  private JsonShape(JsonMapper mapper, boolean opaqueAllowed) {
    this.mapper = mapper;
    this.opaqueAllowed = opaqueAllowed;
  }

  /**
   * Describes all types that occur, one line each, in alphabetical order. The same classes give the
   * same text, in every process.
   *
   * @throws IllegalArgumentException if values could not be read back; names the component
   */
  static String describe(JsonMapper mapper, JavaType root) {
    var shape = new JsonShape(mapper, false);
    shape.visit(root, root.getRawClass().getSimpleName());
    var text = new StringBuilder(root.toCanonical()).append('\n');
    shape.definitions.forEach(
        (type, definition) -> text.append(type).append(' ').append(definition).append('\n'));
    return text.toString();
  }

  /**
   * Refuses maps whose keys cannot be read back, and alternatives of one name.
   *
   * @throws IllegalArgumentException if there are any; names the component
   */
  static void check(JsonMapper mapper, JavaType root) {
    new JsonShape(mapper, true).visit(root, root.getRawClass().getSimpleName());
  }

  /** Returns what is stored of a class, in the order in which it is written. */
  static List<BeanPropertyDefinition> properties(JsonMapper mapper, JavaType type) {
    return introspect(mapper, type).findProperties();
  }

  /** Returns whether a type is one of the values that have no parts, with or without a default. */
  static boolean isScalar(Class<?> type) {
    return type.isPrimitive()
        || SCALARS.contains(type)
        || (type.getPackageName().equals("java.time") && !type.isEnum());
  }

  private void visit(JavaType type, String path) {
    Class<?> raw = type.getRawClass();
    if (isScalar(raw)) {
      return;
    }
    if (type.isMapLikeType()) {
      checkKey(type, path);
      visit(type.getKeyType(), path + ".key");
      visit(type.getContentType(), path + ".value");
    } else if (type.isContainerType() || type.isReferenceType()) {
      visit(type.getContentType(), path);
    } else if (!definitions.containsKey(type.toCanonical())) {
      definitions.put(type.toCanonical(), ""); // types may contain themselves
      definitions.put(type.toCanonical(), definition(type, path));
    }
  }

  private String definition(JavaType type, String path) {
    Class<?> raw = type.getRawClass();
    if (type.isEnumType()) {
      return constants(raw);
    }
    if (RecordAnnotations.isNamed(raw)) {
      return alternatives(type, path);
    }
    BeanDescription bean = introspect(mapper, type);
    if (bean.findJsonValueAccessor() != null) {
      JavaType value = bean.findJsonValueAccessor().getType();
      visit(value, path);
      return "as " + value.toCanonical();
    }
    if (isOpaque(raw, bean)) {
      if (!opaqueAllowed) {
        throw new IllegalArgumentException(
            "%s is of type %s, whose values cannot be read back from JSON: use records, sealed interfaces over records, enums, collections and times"
                .formatted(path, type.toCanonical()));
      }
      return "opaque";
    }
    var described = new StringJoiner(", ", "{", "}");
    bean.findProperties().stream()
        .sorted(Comparator.comparing(BeanPropertyDefinition::getName))
        .forEach(property -> {
          visit(property.getPrimaryType(), path + "." + property.getName());
          described.add(property.getName() + ": " + property.getPrimaryType().toCanonical());
        });
    return described.toString();
  }

  private String constants(Class<?> type) {
    var described = new StringJoiner(", ", "[", "]");
    for (Object constant : type.getEnumConstants()) {
      described.add(mapper.writeValueAsString(constant));
    }
    return described.toString();
  }

  private String alternatives(JavaType sealed, String path) {
    var described = new StringJoiner(" | ");
    new TreeMap<>(SealedRecords.named(sealed.getRawClass()))
        .forEach((name, alternative) -> {
          JavaType type = mapper.getTypeFactory().constructSpecializedType(sealed, alternative);
          visit(type, path + "/" + name);
          described.add(name + ": " + type.toCanonical());
        });
    return described.toString();
  }

  private boolean isOpaque(Class<?> raw, BeanDescription bean) {
    if (JsonNode.class.isAssignableFrom(raw)) {
      return false;
    }
    boolean users =
        mapper
                .serializationConfig()
                .getAnnotationIntrospector()
                .findPolymorphicTypeInfo(mapper.serializationConfig(), bean.getClassInfo())
            != null;
    return !users && !canBeMade(raw);
  }

  /** Records, and classes that Jackson knows how to make. */
  private static boolean canBeMade(Class<?> raw) {
    if (Modifier.isAbstract(raw.getModifiers()) || raw.getName().startsWith("java.")) {
      return false;
    }
    Stream<Executable> constructors = Arrays.stream(raw.getDeclaredConstructors());
    Stream<Executable> methods = Arrays.stream(raw.getDeclaredMethods());
    return raw.isRecord()
        || Stream.concat(constructors, methods)
            .anyMatch(one ->
                one.isAnnotationPresent(JsonCreator.class)
                    || (one instanceof Constructor<?> && one.getParameterCount() == 0));
  }

  private void checkKey(JavaType map, String path) {
    JavaType key = map.getKeyType();
    Class<?> raw = key.getRawClass();
    boolean readable = (isScalar(raw) && !NO_KEYS.contains(raw)) || key.isEnumType();
    boolean users =
        !isScalar(raw)
            && (introspect(mapper, key).findJsonKeyAccessor() != null
                || introspect(mapper, key).findJsonValueAccessor() != null);
    if (!readable && !users) {
      throw new IllegalArgumentException(
          "%s is a map whose keys are %s: JSON has texts as keys, and these cannot be read back; use a list of entries, or a key that is a text, a number, an enum, a UUID or a time"
              .formatted(path, key.toCanonical()));
    }
  }

  private static BeanDescription introspect(JsonMapper mapper, JavaType type) {
    var config = mapper.serializationConfig();
    ClassIntrospector introspector = config.classIntrospectorInstance().forOperation(config);
    AnnotatedClass annotated = introspector.introspectClassAnnotations(type);
    return introspector.introspectForSerialization(type, annotated);
  }
}
