package io.refold.eventstore;

import java.io.ByteArrayOutputStream;
import java.lang.reflect.Method;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.BeanProperty;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.introspect.AnnotatedMember;
import tools.jackson.databind.jsontype.TypeSerializer;
import tools.jackson.databind.ser.impl.PropertySerializerMap;

/**
 * Writes a component as <code>{"$personal": ciphertext}</code>, with {@code "of"} and the subject
 * where that is not the stream's id. What is encrypted is the component's JSON.
 */
final class PersonalSerializer extends ValueSerializer<Object> {
  static final String CIPHERTEXT = "$personal";
  static final String SUBJECT = "of";

  private final PersonalData data;
  private final SubjectKeys keys;
  private final @Nullable Target target;

  /** The property that this instance writes, and how its value is written in clear. */
  private static final class Target {
    private final BeanProperty property;
    private final @Nullable ValueSerializer<Object> declared;
    private final @Nullable Method subject;
    private volatile PropertySerializerMap found = PropertySerializerMap.emptyForProperties();

    Target(
        BeanProperty property,
        @Nullable ValueSerializer<Object> declared,
        @Nullable Method subject) {
      this.property = property;
      this.declared = declared;
      this.subject = subject;
    }

    ValueSerializer<Object> clear(Object value, SerializationContext context) {
      if (declared != null) {
        return declared;
      }
      ValueSerializer<Object> known = found.serializerFor(value.getClass());
      if (known != null) {
        return known;
      }
      JavaType type = property.getType();
      JavaType actual =
          type.isFinal() ? type : context.constructSpecializedType(type, value.getClass());
      ValueSerializer<Object> added = context.findPrimaryPropertySerializer(actual, property);
      found = found.newWith(value.getClass(), added);
      return added;
    }

    String subject(Object bean, StreamId stream) {
      if (subject == null) {
        return stream.id();
      }
      Object value;
      try {
        value = subject.invoke(bean);
      } catch (ReflectiveOperationException e) {
        throw new IllegalArgumentException(
            "%s cannot be asked for '%s', the subject of '%s'"
                .formatted(bean.getClass().getName(), subject.getName(), property.getName()),
            e);
      }
      if (value == null) {
        throw new IllegalArgumentException(
            "'%s' is personal data of the subject in '%s', which is null: name the subject"
                .formatted(property.getName(), subject.getName()));
      }
      return Names.subject(value.toString());
    }
  }

  PersonalSerializer(PersonalData data, SubjectKeys keys) {
    this(data, keys, null);
  }

  private PersonalSerializer(PersonalData data, SubjectKeys keys, @Nullable Target target) {
    this.data = data;
    this.keys = keys;
    this.target = target;
  }

  @Override
  public ValueSerializer<?> createContextual(SerializationContext context, BeanProperty property) {
    Class<?> record = property.getMember().getDeclaringClass();
    Method subject =
        data.subject().isEmpty() ? null : PersonalComponents.accessor(record, data.subject());
    return new PersonalSerializer(
        data, keys, new Target(property, declared(context, property), subject));
  }

  /** What the component itself declares for its JSON. */
  private static @Nullable ValueSerializer<Object> declared(
      SerializationContext context, BeanProperty property) {
    AnnotatedMember member = property.getMember();
    for (var introspector : context.getAnnotationIntrospector().allIntrospectors()) {
      Object found =
          introspector instanceof PersonalDataModule.Introspector
              ? null
              : introspector.findSerializer(context.getConfig(), member);
      if (found != null) {
        return context.handlePrimaryContextualization(
            context.serializerInstance(member, found), property);
      }
    }
    return null;
  }

  @Override
  public void serialize(Object value, JsonGenerator generator, SerializationContext context) {
    write(value, generator, context, null);
  }

  @Override
  public void serializeWithType(
      Object value, JsonGenerator generator, SerializationContext context, TypeSerializer type) {
    write(value, generator, context, type);
  }

  private void write(
      Object value,
      JsonGenerator generator,
      SerializationContext context,
      @Nullable TypeSerializer type) {
    Target to = Objects.requireNonNull(target, "not yet contextual");
    var stream = PersonalComponents.stream(context);
    String subject = to.subject(generator.currentValue(), stream);
    var plain = new ByteArrayOutputStream();
    try (JsonGenerator clear = context.tokenStreamFactory().createGenerator(context, plain)) {
      ValueSerializer<Object> serializer = to.clear(value, context);
      if (type == null) {
        serializer.serialize(value, clear, context);
      } else {
        serializer.serializeWithType(value, clear, context, type);
      }
    }
    byte[] json = plain.toByteArray();
    if (context.getAttribute(JsonDoubts.class) instanceof JsonDoubts doubts) {
      doubts.add(json);
    }
    byte[] encrypted = PersonalCipher.encrypt(keys.forWriting(subject, stream), stream, json);
    generator.writeStartObject();
    generator.writeName(CIPHERTEXT);
    generator.writeBinary(encrypted);
    if (!subject.equals(stream.id())) {
      generator.writeStringProperty(SUBJECT, subject);
    }
    generator.writeEndObject();
  }

  @Override
  public boolean isEmpty(SerializationContext context, Object value) {
    Target to = Objects.requireNonNull(target, "not yet contextual");
    return to.clear(value, context).isEmpty(context, value);
  }
}
