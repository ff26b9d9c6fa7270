package io.refold.eventstore;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.annotation.JsonSerialize;

/** Events with personal data of all kinds. */
final class PersonalEvents {
  static final StreamId STREAM = new StreamId("person", "alice");

  static final Registered ALICE =
      new Registered(
          "Alice Secret",
          "alice@secret.example",
          47,
          LocalDate.of(1979, 5, 3),
          List.of(new Address("Secret Street", "Berlin")),
          Map.of("bob", new BigDecimal("1.10")),
          Optional.of("0800-secret"),
          "de");

  private PersonalEvents() {}

  static <E> EventCodec<E> codec(Class<E> root, SubjectKeys keys) {
    return EventCodec.jsonBuilder(root).personalData(keys).build();
  }

  static EncodedEvent encoded(String type, String json) {
    return new EncodedEvent(type, json.getBytes(StandardCharsets.UTF_8));
  }

  static StoredEvent stored(StreamId stream, EncodedEvent payload) {
    return new StoredEvent(stream, 1, new Position(0, 1, 1), "c", Metadata.empty(), payload);
  }

  sealed interface Event {}

  record Registered(
      @PersonalData(replacement = "[forgotten \"you\"]") String name,
      @PersonalData @Nullable String mail,
      @PersonalData(replacement = "-1") int age,
      @PersonalData(replacement = "\"1900-01-01\"") LocalDate born,
      @PersonalData List<Address> addresses,
      @PersonalData(replacement = "{}") Map<String, BigDecimal> debts,
      @PersonalData Optional<String> phone,
      String country)
      implements Event {}

  record Address(String street, @PersonalData(replacement = "?") String city) {}

  record Moved(Address from, List<Address> others, Map<String, Address> byName) implements Event {}

  record Invited(
      String guest, @PersonalData(subject = "guest", replacement = "a guest") String greeting)
      implements Event {}

  record Noted(Map<String, String> facts) implements Event {}

  record Drawn(@PersonalData @Nullable Shape shape) implements Event {}

  @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
  @JsonSubTypes({
    @JsonSubTypes.Type(value = Circle.class, name = "circle"),
    @JsonSubTypes.Type(value = Square.class, name = "square")
  })
  sealed interface Shape {}

  /** Tells its records apart by the codec's own rule. */
  sealed interface Contact {}

  record Mail(String address) implements Contact {}

  record Phone(String number) implements Contact {}

  record Reached(@PersonalData List<Contact> contacts, @PersonalData Contact first)
      implements Event {}

  record Circle(int radius) implements Shape {}

  record Square(int side) implements Shape {}

  /** Under another name. */
  record Odd(@JsonProperty("n") @PersonalData @Nullable String name, int number) implements Event {
    Odd(@Nullable String name, int number) {
      this.name = name;
      this.number = number;
    }
  }

  /** With a constructor that is written out. */
  record Spelled(@PersonalData @Nullable String name, int number) implements Event {
    Spelled(@Nullable String name, int number) {
      this.name = name == null ? null : name.strip();
      this.number = number;
    }
  }

  record Made(@PersonalData @Nullable String name) implements Event {
    @JsonCreator
    static Made of(@JsonProperty("name") @PersonalData @Nullable String name) {
      return new Made(name);
    }
  }

  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record Tuple(String who, @PersonalData(subject = "who") @Nullable String what) implements Event {}

  record Shouted(
      @PersonalData @JsonSerialize(using = Loud.class) String word, @PersonalData Object anything)
      implements Event {}

  static final class Loud extends ValueSerializer<String> {
    @Override
    public void serialize(String value, JsonGenerator generator, SerializationContext context) {
      generator.writeString(value + "!");
    }
  }
}
