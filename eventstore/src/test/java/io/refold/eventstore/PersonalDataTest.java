package io.refold.eventstore;

import static io.refold.eventstore.PersonalEvents.ALICE;
import static io.refold.eventstore.PersonalEvents.STREAM;
import static io.refold.eventstore.PersonalEvents.codec;
import static io.refold.eventstore.PersonalEvents.encoded;
import static io.refold.eventstore.PersonalEvents.stored;
import static java.math.BigDecimal.TEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.PersonalEvents.Address;
import io.refold.eventstore.PersonalEvents.Circle;
import io.refold.eventstore.PersonalEvents.Drawn;
import io.refold.eventstore.PersonalEvents.Event;
import io.refold.eventstore.PersonalEvents.Invited;
import io.refold.eventstore.PersonalEvents.Made;
import io.refold.eventstore.PersonalEvents.Mail;
import io.refold.eventstore.PersonalEvents.Moved;
import io.refold.eventstore.PersonalEvents.Noted;
import io.refold.eventstore.PersonalEvents.Odd;
import io.refold.eventstore.PersonalEvents.Phone;
import io.refold.eventstore.PersonalEvents.Reached;
import io.refold.eventstore.PersonalEvents.Registered;
import io.refold.eventstore.PersonalEvents.Shouted;
import io.refold.eventstore.PersonalEvents.Spelled;
import io.refold.eventstore.PersonalEvents.Square;
import io.refold.eventstore.PersonalEvents.Tuple;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PersonalDataTest {
  private final SubjectKeys keys = new InMemorySubjectKeys();
  private final EventCodec<Event> codec = codec(Event.class, keys);

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
        .isEqualTo(new Moved(forgotten, List.of(forgotten, forgotten), Map.of("home", forgotten)));
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
  void whatCannotBeReadBackIsNotEncryptedEither() {
    var unreadable =
        new Registered(
            "", null, 0, LocalDate.EPOCH, List.of(), Map.of("\ud83d", TEN), Optional.empty(), "");
    for (int i = 0; i < 50; i++) { // the ciphertext is another one each time
      assertThatThrownBy(() -> codec.encode(STREAM, unreadable))
          .isInstanceOf(EventNotStorableException.class);
    }
  }

  @Test
  void aSubjectWithoutANameIsRefused() {
    assertThatThrownBy(() -> codec.encode(STREAM, new Invited(nothing(), "Dear you")))
        .isInstanceOf(EventNotStorableException.class)
        .hasMessageContaining(
            "'greeting' is personal data of the subject in 'guest', which is null");
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
    assertThatThrownBy(() -> decode("registered", "{\"name\":\"A\"}")).hasMessageContaining("age");
  }

  @Test
  void polymorphicRenamedAndOddlyMadeComponentsAreEncryptedToo() {
    for (Event event :
        List.of(
            new Drawn(new Circle(19790503)),
            new Drawn(new Square(19790503)),
            new Reached(List.of(new Mail("Secret"), new Phone("Secret")), new Mail("Secret")),
            new Odd("Secret", 3),
            new Spelled("Secret", 3),
            new Made("Secret"),
            new Tuple("bob", "Secret"))) {
      EncodedEvent stored = codec.encode(STREAM, event);

      assertThat(stored.json())
          .doesNotContain("19790503", "Secret", "circle")
          .contains("$personal");
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
    var old = encoded("invited", stored.json().replace("greeting", "salute"));

    assertThat(evolved.decode(stored(STREAM, old))).containsExactly(new Invited("bob", "Dear Bob"));
    assertThat(seen).singleElement().asString().contains("$personal").doesNotContain("Dear");
    keys.forget("bob");
    assertThat(evolved.decode(stored(STREAM, old))).containsExactly(new Invited("bob", "a guest"));
  }

  @Test
  void everyValueHasANonceOfItsOwn() {
    var event = new Invited("alice", "Dear Alice");

    assertThat(codec.encode(STREAM, event)).isNotEqualTo(codec.encode(STREAM, event));
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

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // what callers must not do
  private static <T> T nothing() {
    return null;
  }

  private Event decode(String type, String json) {
    return decoded(encoded(type, json));
  }

  private Event decoded(EncodedEvent payload) {
    return codec.decode(stored(STREAM, payload)).getFirst();
  }
}
