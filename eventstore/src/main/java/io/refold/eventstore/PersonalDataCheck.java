package io.refold.eventstore;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.PropertyName;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.deser.SettableBeanProperty;
import tools.jackson.databind.deser.bean.BeanDeserializerBase;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.ser.BeanPropertyWriter;
import tools.jackson.databind.ser.bean.BeanSerializerBase;

/**
 * Finds what is marked with {@link PersonalData} in events, and in all that their declared types
 * contain, and makes sure that each mark can be honoured.
 */
final class PersonalDataCheck {
  private final JsonMapper mapper;
  private final @Nullable SubjectKeys keys;
  private final Set<Class<?>> seen = new LinkedHashSet<>();

  /**
   * Prepares a check.
   *
   * @param mapper writes and reads the events, with a {@link PersonalDataModule}
   * @param keys what the codec encrypts with
   */
  PersonalDataCheck(JsonMapper mapper, @Nullable SubjectKeys keys) {
    this.mapper = mapper;
    this.keys = keys;
  }

  /**
   * Checks events.
   *
   * @throws IllegalArgumentException if a mark cannot be honoured; the message names the component
   */
  void check(Collection<? extends Class<?>> events) {
    events.forEach(event -> find(mapper.constructType(event)));
    for (Class<?> type : seen) {
      for (Field field : type.getDeclaredFields()) {
        PersonalData mark = field.getAnnotation(PersonalData.class);
        if (mark != null) {
          check(type, field, mark);
        }
      }
    }
  }

  /** Collects the classes whose fields may be written when a value of this type is. */
  private void find(JavaType type) {
    for (int i = 0; i < type.containedTypeCount(); i++) {
      find(type.containedType(i));
    }
    if (type.getContentType() != null) {
      find(type.getContentType());
    }
    Class<?> raw = type.getRawClass();
    boolean foreign = raw.isPrimitive() || raw.isArray() || raw.getName().startsWith("java.");
    if (foreign || raw.isEnum() || !seen.add(raw)) {
      return;
    }
    if (raw.getSuperclass() != null) {
      find(mapper.constructType(raw.getSuperclass()));
    }
    if (raw.isSealed()) {
      for (Class<?> permitted : raw.getPermittedSubclasses()) {
        find(mapper.constructType(permitted));
      }
    }
    for (Field field : raw.getDeclaredFields()) {
      if (!Modifier.isStatic(field.getModifiers())) {
        find(mapper.constructType(field.getGenericType()));
      }
    }
  }

  private void check(Class<?> type, Field field, PersonalData mark) {
    String name = type.getName() + "." + field.getName();
    if (!type.isRecord()) {
      throw refused(name, "is marked as personal data, but only components of records can be");
    }
    if (keys == null) {
      throw refused(
          name,
          "is personal data, and the codec has no keys to encrypt it: give it personalData(keys)");
    }
    if (!mark.subject().isEmpty()) {
      RecordComponent subject = PersonalComponents.component(type, mark.subject());
      if (subject == null || PersonalComponents.mark(subject) != null) {
        throw refused(
            name,
            "names '%s' as its subject, which is %s: name a component that is stored in clear"
                .formatted(
                    mark.subject(),
                    subject == null ? "no component beside it" : "personal data, too"));
      }
    }
    checkReplacement(field, mark, name);
    checkJson(type, field, name);
  }

  private void checkReplacement(Field field, PersonalData mark, String name) {
    JavaType type = mapper.constructType(field.getGenericType());
    byte[] replacement = PersonalDeserializer.replacement(mark, type);
    if (replacement == null && field.getType().isPrimitive()) {
      throw refused(
          name, "cannot become null when its subject is forgotten: declare a replacement");
    }
    if (replacement != null) {
      try {
        mapper.readerFor(type).readValue(replacement);
      } catch (JacksonException e) {
        throw refused(
            name,
            "has a replacement that is not the JSON of its type (%s)"
                .formatted(e.getOriginalMessage()));
      }
    }
  }

  /** A class may have its own way to and from JSON, which passes by its marks. */
  private void checkJson(Class<?> type, Field field, String name) {
    try {
      ValueSerializer<Object> serializer = mapper._serializationContext().findValueSerializer(type);
      if (!(serializer instanceof BeanSerializerBase)) {
        throw refused(name, inClear(serializer));
      }
      BeanPropertyWriter writer = writer(serializer, field);
      if (writer == null) {
        return; // not stored at all
      }
      if (!(writer.getSerializer() instanceof PersonalSerializer) || writer.isUnwrapping()) {
        throw refused(name, inClear(writer));
      }
      ValueDeserializer<Object> reader =
          mapper
              ._deserializationContext()
              .findNonContextualValueDeserializer(mapper.constructType(type));
      SettableBeanProperty property =
          reader instanceof BeanDeserializerBase bean
              ? bean.findProperty(PropertyName.construct(writer.getName()))
              : null;
      if (property == null || !(property.getValueDeserializer() instanceof PersonalDeserializer)) {
        throw refused(
            name, "is personal data, but not read as such: mark its creator's parameter, too");
      }
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "%s cannot be JSON: %s".formatted(type.getName(), e.getOriginalMessage()), e);
    }
  }

  private static @Nullable BeanPropertyWriter writer(
      ValueSerializer<Object> serializer, Field field) {
    for (var properties = serializer.properties(); properties.hasNext(); ) {
      if (properties.next() instanceof BeanPropertyWriter writer
          && writer.getMember().getName().equals(field.getName())) {
        return writer;
      }
    }
    return null;
  }

  private static String inClear(Object writer) {
    return "is personal data, but %s would write it in clear: leave its JSON to the codec"
        .formatted(writer.getClass().getSimpleName());
  }

  private static IllegalArgumentException refused(String name, String reason) {
    return new IllegalArgumentException(name + " " + reason);
  }
}
