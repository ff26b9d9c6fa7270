package io.refold.eventstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.annotation.JsonValue;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.ValueSerializer;
import tools.jackson.databind.annotation.JsonSerialize;

class PersonalDataTest {
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

  /** With a constructor of its own, a factory, another name and another form. */
  record Odd(@JsonProperty("n") @PersonalData @Nullable String name, int number) implements Event {
    Odd(@Nullable String name, int number) {
      this.name = name;
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

  private static final StreamId STREAM = new StreamId("person", "alice");

  private static final Registered ALICE =
      new Registered(
          "Alice Secret",
          "alice@secret.example",
          47,
          LocalDate.of(1979, 5, 3),
          List.of(new Address("Secret Street", "Berlin")),
          Map.of("bob", new BigDecimal("1.10")),
          Optional.of("0800-secret"),
          "de");

  private final SubjectKeys keys = new InMemorySubjectKeys();
  private final EventCodec<Event> codec = codec(Event.class, keys);

  private static <E> EventCodec<E> codec(Class<E> root, @Nullable SubjectKeys keys) {
    var builder = EventCodec.jsonBuilder(root);
    return (keys == null ? builder : builder.personalData(keys)).build();
  }

  @Test
  void componentsOfEveryTypeAreStoredEncryptedAndReadAsTheyWere() {
    EncodedEvent stored = codec.encode(STREAM, ALICE);

    assertThat(stored.json())
        .doesNotContainIgnoringCase("secret")
        .doesNotContain(":47", "1979-05", "Berlin", "\"bob\"", "1.10")
        .contains("\"country\":\"de\"")
        .containsPattern("\"name\":\\{\"\\$personal\":\"[A-Za-z0-9+/]+=*\"}");
    assertThat(decoded(stored)).isEqualTo(ALICE);
  }

  @Test
  void componentsOfNestedRecordsInListsAndMapsAreEncrypted() {
    var address = new Address("Main Street", "Secret City");
    var event = new Moved(address, List.of(address, address), Map.of("home", address));

    EncodedEvent stored = codec.encode(STREAM, event);

    assertThat(stored.json()).doesNotContain("Secret").contains("Main Street");
    assertThat(decoded(stored)).isEqualTo(event);
    keys.forget("alice");
    var forgotten = new Address("Main Street", "?");
    assertThat(decoded(stored))
        .isEqualTo(
            new Moved(forgotten, List.of(forgotten, forgotten), Map.of("home", forgotten)));
  }

  @Test
  void whatIsForgottenBecomesItsReplacement() {
    EncodedEvent stored = codec.encode(STREAM, ALICE);

    keys.forget("alice");

    assertThat(decoded(stored))
        .usingRecursiveComparison()
        .isEqualTo(
            new Registered(
                "[forgotten \"you\"]",
                null,
                -1,
                LocalDate.of(1900, 1, 1),
                nothing(),
                Map.of(),
                Optional.empty(),
                "de"));
  }

  @Test
  void theSubjectMayBeSomebodyElseThanTheStream() {
    EncodedEvent bob = codec.encode(STREAM, new Invited("bob", "Dear Bob"));
    EncodedEvent alice = codec.encode(STREAM, new Invited("alice", "Dear Alice"));

    assertThat(bob.json()).contains("\"of\":\"bob\"").doesNotContain("Dear");
    assertThat(alice.json()).doesNotContain("\"of\"");
    keys.forget("bob");
    assertThat(decoded(bob)).isEqualTo(new Invited("bob", "a guest"));
    assertThat(decoded(alice)).isEqualTo(new Invited("alice", "Dear Alice"));
    assertThatThrownBy(() -> codec.encode(STREAM, new Invited("bob", "Dear Bob")))
        .isInstanceOf(EventNotStorableException.class)
        .hasMessageContaining("subject 'bob' was forgotten at ")
        .hasMessageContaining("use another subject id (nothing was written)");
  }

  @Test
  void aSubjectWithoutANameIsRefused() {
    assertThatThrownBy(() -> codec.encode(STREAM, new Invited(nothing(), "Dear you")))
        .isInstanceOf(EventNotStorableException.class)
        .hasMessageContaining("'greeting' is personal data of the subject in 'guest', which is null");
    assertThatThrownBy(() -> codec.encode(STREAM, new Invited("", "Dear you")))
        .isInstanceOf(EventNotStorableException.class)
        .hasMessageContaining("subject id is empty");
  }

  @Test
  void whatWasStoredInClearIsReadAsItIs() {
    assertThat(
            decode(
                "registered",
                "{\"name\":\"A\",\"age\":1,\"born\":\"2000-01-01\",\"country\":\"de\","
                    + "\"addresses\":[{\"street\":\"s\",\"city\":\"c\"}],\"debts\":{\"x\":1.10}}"))
        .usingRecursiveComparison()
        .isEqualTo(
            new Registered(
                "A",
                null,
                1,
                LocalDate.of(2000, 1, 1),
                List.of(new Address("s", "c")),
                Map.of("x", new BigDecimal("1.10")),
                Optional.empty(),
                "de"));
    assertThat(decode("drawn", "{\"shape\":{\"kind\":\"circle\",\"radius\":3}}"))
        .isEqualTo(new Drawn(new Circle(3)));
    assertThat(decode("noted", "{\"facts\":{\"$personal\":\"x\"}}"))
        .isEqualTo(new Noted(Map.of("$personal", "x")));
  }

  @Test
  void nullsAreStoredAsWithoutEncryption() {
    assertThat(codec.encode(STREAM, new Drawn(null)).json()).isEqualTo("{}");
    assertThatThrownBy(() -> decode("registered", "{\"name\":\"A\"}"))
        .hasMessageContaining("age");
  }

  @Test
  void polymorphicRenamedAndOddlyMadeComponentsAreEncryptedToo() {
    for (Event event :
        List.of(
            new Drawn(new Circle(19790503)),
            new Drawn(new Square(19790503)),
            new Reached(List.of(new Mail("Secret"), new Phone("Secret")), new Mail("Secret")),
            new Odd("Secret", 3),
            new Made("Secret"),
            new Tuple("bob", "Secret"))) {
      EncodedEvent stored = codec.encode(STREAM, event);

      assertThat(stored.json()).doesNotContain("19790503", "Secret", "circle").contains("$personal");
      assertThat(decoded(stored)).isEqualTo(event);
    }
    keys.forget("alice");
    keys.forget("bob");
    assertThat(decode("odd", "{\"n\":\"N\",\"number\":1}")).isEqualTo(new Odd("N", 1));
  }

  @Test
  void whatAComponentDeclaresForItsJsonHoldsWithinTheEncryption() {
    EncodedEvent stored = codec.encode(STREAM, new Shouted("hello", List.of(1, "second")));

    assertThat(stored.json()).doesNotContain("hello", "second");
    assertThat(decoded(stored)).isEqualTo(new Shouted("hello!", List.of(1, "second")));
  }

  @Test
  void upcastsMoveComponentsWithoutSeeingThem() {
    EncodedEvent stored = codec.encode(STREAM, new Invited("bob", "Dear Bob"));
    var seen = new ArrayList<String>();
    EventCodec<Event> evolved =
        EventCodec.jsonBuilder(Event.class)
            .personalData(keys)
            .version(Invited.class, 2)
            .upcast(
                "invited",
                1,
                data -> {
                  seen.add(data.toString());
                  return data.set("greeting", data.remove("salute"));
                })
            .build();
    var old =
        new EncodedEvent(
            "invited", stored.json().replace("greeting", "salute").getBytes(StandardCharsets.UTF_8));

    assertThat(evolved.decode(stored(STREAM, old))).containsExactly(new Invited("bob", "Dear Bob"));
    assertThat(seen).singleElement().asString().contains("$personal").doesNotContain("Dear");
    keys.forget("bob");
    assertThat(evolved.decode(stored(STREAM, old))).containsExactly(new Invited("bob", "a guest"));
  }

  @Test
  void whatWasCopiedToAnotherStreamOrDamagedCannotBeRead() {
    EncodedEvent stored = codec.encode(STREAM, new Invited("bob", "Dear Bob"));
    keys.forWriting("bob", STREAM);

    assertThatThrownBy(() -> codec.decode(stored(new StreamId("person", "eve"), stored)))
        .isInstanceOf(UnreadableEventException.class)
        .hasMessageContaining("'greeting' does not decrypt")
        .hasMessageContaining("was written to another stream");
    for (String damaged : List.of("AAAA", "", "A".repeat(60))) {
      assertThatThrownBy(
              () ->
                  decode(
                      "invited",
                      "{\"greeting\":{\"$personal\":\"%s\",\"of\":\"bob\"}}".formatted(damaged)),
              damaged)
          .isInstanceOf(UnreadableEventException.class)
          .hasMessageContaining("does not decrypt: it is damaged");
    }
  }

  @Test
  void everyValueHasANonceOfItsOwn() {
    var event = new Invited("alice", "Dear Alice");

    assertThat(codec.encode(STREAM, event)).isNotEqualTo(codec.encode(STREAM, event));
  }

  @Test
  void aLostKeyFailsLoudlyAndIsNotReplaced() {
    EncodedEvent stored = codec.encode(STREAM, new Invited("bob", "Dear Bob"));
    EventCodec<Event> elsewhere = codec(Event.class, new InMemorySubjectKeys());

    assertThatThrownBy(() -> Category.of("person", elsewhere).read(stored(STREAM, stored)))
        .isInstanceOf(UnreadableEventException.class)
        .hasMessageContaining("event 1 of person:alice")
        .hasMessageContaining("the key of subject 'bob' is missing")
        .hasMessageContaining("restore it from its backup");
  }

  @Test
  void keysThatCannotBeReachedSayNothingAboutTheEvent() {
    EncodedEvent stored = codec.encode(STREAM, new Invited("bob", "Dear Bob"));
    EventCodec<Event> cut = codec(Event.class, new Unreachable());

    assertThatThrownBy(() -> Category.of("person", cut).read(stored(STREAM, stored)))
        .isInstanceOf(StoreUnavailableException.class);
    assertThatThrownBy(() -> cut.encode(STREAM, new Invited("bob", "Dear Bob")))
        .isInstanceOf(StoreUnavailableException.class);
  }

  @Test
  void encryptionCostsWhatIsDocumented() {
    int clear = "\"Dear Alice\"".length();
    String own = codec.encode(STREAM, new Invited("alice", "Dear Alice")).json();
    String other = codec.encode(STREAM, new Invited("robin", "Dear Alice")).json();

    int bare = "{\"guest\":\"alice\",\"greeting\":\"Dear Alice\"}".length();
    assertThat(own.length() - bare).isBetween(54 + clear / 3 - 3, 54 + clear / 3 + 3);
    assertThat(other.length() - own.length()).isEqualTo(8 + "robin".length());
  }

  sealed interface Unencrypted {
    record Deep(List<Map<String, Optional<Address>>> addresses) implements Unencrypted {}
  }

  sealed interface Primitive {
    record Born(@PersonalData int year) implements Primitive {}
  }

  sealed interface NoSubject {
    record Born(@PersonalData(subject = "who") String place) implements NoSubject {}
  }

  sealed interface SecretSubject {
    record Born(@PersonalData String who, @PersonalData(subject = "who") String place)
        implements SecretSubject {}
  }

  sealed interface BadReplacement {
    record Born(@PersonalData(replacement = "soon") LocalDate day) implements BadReplacement {}
  }

  sealed interface NotARecord {
    record Born(Place place) implements NotARecord {}

    class Place {
      @PersonalData @Nullable String name;
    }
  }

  sealed interface OwnJson {
    record Born(@PersonalData String place) implements OwnJson {
      @JsonValue
      String json() {
        return place;
      }
    }
  }

  sealed interface HalfMarked {
    record Born(@PersonalData @Nullable String name) implements HalfMarked {
      @JsonCreator
      static Born of(@JsonProperty("name") @Nullable String name) {
        return new Born(name);
      }
    }
  }

  sealed interface Unwrapped {
    record Born(@PersonalData @JsonUnwrapped Address place) implements Unwrapped {}
  }

  @Test
  void marksThatCannotBeHonouredAreRefusedWhenTheCodecIsMade() {
    assertThatThrownBy(() -> codec(Unencrypted.class, null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Address.city is personal data, and the codec has no keys");
    Map.of(
            Primitive.class, "Born.year cannot become null",
            NoSubject.class, "names 'who' as its subject, which is no component beside it",
            SecretSubject.class, "names 'who' as its subject, which is personal data, too",
            BadReplacement.class, "has a replacement that is not the JSON of its type",
            HalfMarked.class, "mark its creator's parameter, too",
            NotARecord.class, "only components of records can be",
            OwnJson.class, "would write it in clear",
            Unwrapped.class, "would write it in clear")
        .forEach((root, message) ->
            assertThatThrownBy(() -> codec(root, keys), message)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message));
  }

  @Test
  void whatNoDeclaredTypeShowsIsNotWrittenInClearEither() {
    record Hidden(@PersonalData String secret) {}
    EventCodec<Anything> blind = codec(Anything.class, null);

    assertThatThrownBy(() -> blind.encode(STREAM, new Anything.Said(new Hidden("s"))))
        .isInstanceOf(EventNotStorableException.class)
        .hasMessageContaining("has no keys to encrypt it");
  }

  sealed interface Anything {
    record Said(Object what) implements Anything {}
  }

  @Test
  void snapshotsAreEncryptedUnderAKeyThatCanBeDiscarded() {
    Protection protection = codec.protection();
    byte[] state = "the state of Alice".getBytes(StandardCharsets.UTF_8);

    byte[] sealed = protection.seal(STREAM, state);

    assertThat(new String(sealed, StandardCharsets.ISO_8859_1)).doesNotContain("Alice");
    assertThat(protection.open(STREAM, sealed)).isEqualTo(state);
    assertThat(protection.open(new StreamId("person", "eve"), sealed)).isNull();
    assertThat(protection.open(STREAM, state)).as("saved before there were keys").isNull();
    keys.discardSeal(STREAM);
    assertThat(protection.open(STREAM, sealed)).isNull();
    assertThat(protection.open(STREAM, protection.seal(STREAM, state))).isEqualTo(state);
    assertThat(protection.open(STREAM, sealed)).as("under the new key").isNull();
  }

  @Test
  void aCategoryThatMeetsTheMarkTakesNotice() {
    var told = new Unreachable();
    var mark = new StreamMark.Forgotten("bob").encoded();

    assertThat(Category.of("person", codec(Event.class, told)).read(stored(STREAM, mark)))
        .isEmpty();

    assertThat(told.forgotten).containsExactly("bob");
  }

  /** Keys behind a cut line. */
  private static final class Unreachable implements SubjectKeys {
    private final Set<String> forgotten = new HashSet<>();

    private static StoreUnavailableException cut() {
      return new StoreUnavailableException("the line is cut", null);
    }

    @Override
    public SecretKey forWriting(String subject, StreamId stream) {
      throw cut();
    }

    @Override
    public Optional<SecretKey> forReading(String subject) {
      throw cut();
    }

    @Override
    public Tombstone forget(String subject) {
      throw cut();
    }

    @Override
    public void forgotten(String subject) {
      forgotten.add(subject);
    }

    @Override
    public SecretKey forSealing(StreamId stream) {
      throw cut();
    }

    @Override
    public Optional<SecretKey> forOpening(StreamId stream) {
      throw cut();
    }

    @Override
    public void discardSeal(StreamId stream) {
      throw cut();
    }

    @Override
    public List<String> warnings(EventStore store) {
      return List.of();
    }

    @Override
    public void close() {}
  }

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // what callers must not do
  private static <T> T nothing() {
    return null;
  }

  private Event decode(String type, String json) {
    return decoded(new EncodedEvent(type, json.getBytes(StandardCharsets.UTF_8)));
  }

  private Event decoded(EncodedEvent payload) {
    return codec.decode(stored(STREAM, payload)).getFirst();
  }

  private static StoredEvent stored(StreamId stream, EncodedEvent payload) {
    return new StoredEvent(stream, 1, new Position(0, 1, 1), "c", Metadata.empty(), payload);
  }
}
