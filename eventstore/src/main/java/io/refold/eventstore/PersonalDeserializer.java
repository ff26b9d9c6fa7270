package io.refold.eventstore;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Optional;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.io.JsonStringEncoder;
import tools.jackson.databind.BeanProperty;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.ValueDeserializer;
import tools.jackson.databind.introspect.AnnotatedMember;
import tools.jackson.databind.jsontype.TypeDeserializer;
import tools.jackson.databind.util.TokenBuffer;

/** Reads what {@link PersonalSerializer} wrote, and components that were stored in clear. */
final class PersonalDeserializer extends ValueDeserializer<Object> {
  private final PersonalData data;
  private final SubjectKeys keys;
  private final @Nullable Target target;

  /** How the component is read in clear, and the JSON of its replacement. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Target(
      String name, ValueDeserializer<Object> clear, byte @Nullable [] replacement) {}

  /** What lies encrypted in an event. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Encrypted(byte[] ciphertext, @Nullable String subject) {}

  PersonalDeserializer(PersonalData data, SubjectKeys keys) {
    this(data, keys, null);
  }

  private PersonalDeserializer(PersonalData data, SubjectKeys keys, @Nullable Target target) {
    this.data = data;
    this.keys = keys;
    this.target = target;
  }

  @Override
  public ValueDeserializer<?> createContextual(
      DeserializationContext context, BeanProperty property) {
    ValueDeserializer<Object> declared = declared(context, property);
    ValueDeserializer<Object> clear =
        declared == null
            ? context.findContextualValueDeserializer(property.getType(), property)
            : declared;
    return new PersonalDeserializer(
        data, keys, new Target(property.getName(), clear, replacement(data, property.getType())));
  }

  /** What the component itself declares for its JSON. */
  private static @Nullable ValueDeserializer<Object> declared(
      DeserializationContext context, BeanProperty property) {
    AnnotatedMember member = property.getMember();
    for (var introspector : context.getAnnotationIntrospector().allIntrospectors()) {
      Object found =
          introspector instanceof PersonalDataModule.Introspector
              ? null
              : introspector.findDeserializer(context.getConfig(), member);
      if (found != null) {
        @SuppressWarnings("unchecked") // contextualization gives a deserializer of the same values
        var declared =
            (ValueDeserializer<Object>)
                context.handlePrimaryContextualization(
                    context.deserializerInstance(member, found), property, property.getType());
        return declared;
      }
    }
    return null;
  }

  /** Returns the JSON of a component's replacement, or null where that is null. */
  static byte @Nullable [] replacement(PersonalData data, JavaType type) {
    if (data.replacement().equals(PersonalData.NULL)) {
      return null;
    }
    boolean text = type.isTypeOrSubTypeOf(CharSequence.class);
    String json =
        text
            ? '"'
                + new String(JsonStringEncoder.getInstance().quoteAsCharArray(data.replacement()))
                + '"'
            : data.replacement();
    return json.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public @Nullable Object deserialize(JsonParser parser, DeserializationContext context) {
    return read(parser, context, null);
  }

  @Override
  public @Nullable Object deserializeWithType(
      JsonParser parser, DeserializationContext context, TypeDeserializer type) {
    return read(parser, context, type);
  }

  @Override
  public @Nullable Object getNullValue(DeserializationContext context) {
    return target().clear().getNullValue(context);
  }

  @Override
  public @Nullable Object getAbsentValue(DeserializationContext context) {
    return target().clear().getAbsentValue(context);
  }

  private @Nullable Object read(
      JsonParser parser, DeserializationContext context, @Nullable TypeDeserializer type) {
    if (!parser.isExpectedStartObjectToken()) {
      return clear(parser, context, type);
    }
    TokenBuffer copy = context.bufferAsCopyOfValue(parser);
    Encrypted encrypted = encrypted(copy.asParserOnFirstToken(context));
    if (encrypted == null) {
      return clear(copy.asParserOnFirstToken(context), context, type);
    }
    byte[] json = decrypted(encrypted, PersonalComponents.stream(context));
    if (json == null) {
      return getNullValue(context);
    }
    try (JsonParser inner = context.tokenStreamFactory().createParser(context, json)) {
      inner.nextToken();
      return inner.hasToken(JsonToken.VALUE_NULL)
          ? getNullValue(context)
          : clear(inner, context, type);
    }
  }

  private @Nullable Object clear(
      JsonParser parser, DeserializationContext context, @Nullable TypeDeserializer type) {
    ValueDeserializer<Object> clear = target().clear();
    return type == null
        ? clear.deserialize(parser, context)
        : clear.deserializeWithType(parser, context, type);
  }

  /** Returns null for an object of another form. */
  private static @Nullable Encrypted encrypted(JsonParser object) {
    if (!PersonalSerializer.CIPHERTEXT.equals(object.nextName())
        || object.nextToken() != JsonToken.VALUE_STRING) {
      return null;
    }
    byte[] ciphertext = object.getBinaryValue();
    String subject = null;
    if (PersonalSerializer.SUBJECT.equals(object.nextName())) {
      subject = object.nextStringValue();
      object.nextToken();
    }
    return object.hasToken(JsonToken.END_OBJECT) ? new Encrypted(ciphertext, subject) : null;
  }

  /** Returns the component's JSON, or that of its replacement. */
  private byte @Nullable [] decrypted(Encrypted encrypted, StreamId stream) {
    String subject = encrypted.subject() == null ? stream.id() : encrypted.subject();
    Optional<SecretKey> key = keys.forReading(subject);
    if (key.isEmpty()) {
      return target().replacement();
    }
    byte[] json = PersonalCipher.decrypt(key.get(), stream, encrypted.ciphertext());
    if (json == null) {
      throw new IllegalArgumentException(
          "'%s' does not decrypt: it is damaged, was written to another stream, or under another key than subject '%s' has now"
              .formatted(target().name(), subject));
    }
    return json;
  }

  private Target target() {
    return Objects.requireNonNull(target, "not yet contextual");
  }
}
