package io.refold.eventstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.node.ObjectNode;

class EventEvolutionTest {
  sealed interface Event {}

  record Placed(long cents, String currency, @Nullable String note) implements Event {}

  record Paid(BigDecimal amount) implements Event {}

  record Delivered(String to, @Nullable String carrier, int parcels) implements Event {}

  private static final StreamId STREAM = new StreamId("order", "1");

  @Test
  void versionsAboveOneAreStoredBehindTheName() {
    EventCodec<Event> codec =
        EventCodec.jsonBuilder(Event.class)
            .named(Paid.class, "payment")
            .version(Paid.class, 2)
            .upcast("payment", 1, data -> data)
            .build();

    assertThat(codec.encode(STREAM, new Paid(BigDecimal.ONE)).toString())
        .isEqualTo("payment@2{\"amount\":1}");
    assertThat(codec.encode(STREAM, new Placed(1, "EUR", null)).toString())
        .isEqualTo("placed{\"cents\":1,\"currency\":\"EUR\"}");
    assertThat(codec.decode(stored("payment@2", "{\"amount\":2}")))
        .containsExactly(new Paid(BigDecimal.TWO));
  }

  @Test
  void upcastsLeadVersionByVersionToThePresentOne() {
    EventCodec<Event> codec =
        EventCodec.jsonBuilder(Event.class)
            .version(Placed.class, 3)
            .upcast(
                "placed", 2, data -> data.put("currency", data.get("currency").asString() + "R"))
            .upcast("placed", 1, data -> data.put("currency", "EU"))
            .build();

    assertThat(codec.decode(stored("placed", "{\"cents\":1}")))
        .containsExactly(new Placed(1, "EUR", null));
    assertThat(codec.decode(stored("placed@2", "{\"cents\":1,\"currency\":\"CH\"}")))
        .containsExactly(new Placed(1, "CHR", null));
    assertThat(codec.decode(stored("placed@3", "{\"cents\":1,\"currency\":\"CH\"}")))
        .containsExactly(new Placed(1, "CH", null));
    assertThatThrownBy(() -> codec.decode(stored("placed@4", "{}")))
        .isInstanceOfSatisfying(
            UnreadableEventException.class, e -> assertThat(e.typeUnknown()).isTrue())
        .hasMessageContaining("version 4 of event type 'placed' is newer than this program");
    for (String never : List.of("placed@1", "placed@03", "placed@", "@2", "placed@x")) {
      assertThatThrownBy(
              () -> codec.decode(stored(never, "{\"cents\":1,\"currency\":\"x\"}")), never)
          .hasMessageContaining("unknown event type");
    }
  }

  @Test
  void upcastsSeeStreamVersionAndTime() {
    EventCodec<Event> codec =
        EventCodec.jsonBuilder(Event.class)
            .version(Placed.class, 2)
            .upcast(
                "placed",
                1,
                (data, stored) ->
                    data.put("currency", stored.stream() + " " + stored.position().recordedAt()))
            .build();

    assertThat(codec.decode(stored("placed", "{\"cents\":1}")))
        .containsExactly(new Placed(1, "order:1 1970-01-01T00:00:00.000001Z", null));
  }

  @Test
  void anEventMayStandForSeveralOthersOrNone() {
    EventCodec<Event> codec =
        EventCodec.jsonBuilder(Event.class)
            .version(Placed.class, 2)
            .upcast("placed", 1, data -> data.put("currency", "EUR"))
            .replaced(
                "closed",
                1,
                Set.of("closed@2", "delivered"),
                (data, stored) ->
                    data.get("empty").asBoolean()
                        ? List.of()
                        : List.of(
                            new UpcastEvent("closed@2", data),
                            new UpcastEvent("delivered", data),
                            new UpcastEvent("closed@2", data)))
            .replaced(
                "closed",
                2,
                Set.of("placed"),
                (data, stored) ->
                    List.of(
                        new UpcastEvent(
                            "placed", data.put("cents", data.get("cents").asLong() + 1))))
            .build();

    assertThat(
            codec.decode(
                stored("closed", "{\"empty\":false,\"cents\":1,\"to\":\"a\",\"parcels\":3}")))
        .containsExactly(
            new Placed(2, "EUR", null), new Delivered("a", null, 3), new Placed(2, "EUR", null));
    assertThat(codec.decode(stored("closed", "{\"empty\":true}"))).isEmpty();
  }

  @Test
  void oldNamesAreReadAsPresentOnesInEveryVersion() {
    EventCodec<Event> codec =
        EventCodec.jsonBuilder(Event.class)
            .version(Placed.class, 2)
            .upcast("placed", 1, data -> data.put("currency", "EUR"))
            .renamed("ordered", "placed")
            .renamed("payed", "paid")
            .replaced(
                "settled",
                1,
                Set.of("paid"),
                (data, stored) -> List.of(new UpcastEvent("paid", data)))
            .renamed("setled", "settled")
            .build();

    assertThat(codec.decode(stored("ordered", "{\"cents\":1}")))
        .containsExactly(new Placed(1, "EUR", null));
    assertThat(codec.decode(stored("ordered@2", "{\"cents\":1,\"currency\":\"CHF\"}")))
        .containsExactly(new Placed(1, "CHF", null));
    for (String old : List.of("payed", "settled", "setled")) {
      assertThat(codec.decode(stored(old, "{\"amount\":1}")))
          .containsExactly(new Paid(BigDecimal.ONE));
    }
    assertThatThrownBy(() -> codec.decode(stored("payed@2", "{\"amount\":1}")))
        .hasMessageContaining("newer than this program");
  }

  @Test
  void retiredTypesAreNoEventsInAnyVersion() {
    EventCodec<Event> codec = EventCodec.jsonBuilder(Event.class).retired("printed").build();

    assertThat(codec.decode(stored("printed", "{}"))).isEmpty();
    assertThat(codec.decode(stored("printed@7", "not even JSON"))).isEmpty();
  }

  @Test
  void missingPropertiesTakeTheirDefaults() {
    EventCodec<Event> codec =
        EventCodec.jsonBuilder(Event.class)
            .defaultValue(Delivered.class, "carrier", "unknown")
            .defaultValue(Delivered.class, "parcels", 1)
            .defaultValue(Paid.class, "amount", new BigDecimal("0.10"))
            .build();

    assertThat(codec.decode(stored("delivered", "{\"to\":\"a\"}")))
        .containsExactly(new Delivered("a", "unknown", 1));
    assertThat(codec.decode(stored("delivered", "{\"to\":\"a\",\"carrier\":\"b\",\"parcels\":2}")))
        .containsExactly(new Delivered("a", "b", 2));
    assertThat(codec.decode(stored("paid", "{}")))
        .containsExactly(new Paid(new BigDecimal("0.10")));
    for (String broken : List.of("", "null", "[]", "{\"to\":\"a\",\"parcels\":null}")) {
      assertThatThrownBy(() -> codec.decode(stored("delivered", broken)), broken)
          .isInstanceOf(UnreadableEventException.class);
    }
    var withoutCarrier = new Delivered("a", null, 2);
    EncodedEvent stored = codec.encode(STREAM, withoutCarrier);
    assertThat(stored.json()).isEqualTo("{\"to\":\"a\",\"carrier\":null,\"parcels\":2}");
    assertThat(codec.decode(stored(stored.type(), stored.json()))).containsExactly(withoutCarrier);
  }

  @Test
  void upcastsAndDefaultsKeepEveryDigit() {
    EventCodec<Event> codec =
        EventCodec.jsonBuilder(Event.class)
            .version(Paid.class, 2)
            .upcast("paid", 1, data -> data)
            .build();

    var digits = "0.12345678901234567890123456789012345678900";
    assertThat(codec.decode(stored("paid", "{\"amount\":" + digits + "}")))
        .containsExactly(new Paid(new BigDecimal(digits)));
  }

  @Test
  void presentVersionsAreReadWithoutATree() {
    EventCodec<Event> codec =
        EventCodec.jsonBuilder(Event.class)
            .version(Placed.class, 2)
            .upcast("placed", 1, data -> data)
            .renamed("payed", "paid")
            .defaultValue(Delivered.class, "parcels", 1)
            .build();

    for (String direct : List.of("placed@2", "paid", "payed")) {
      assertThat(hasLocation(codec, direct)).as(direct).isTrue();
    }
    for (String tree : List.of("placed", "delivered")) {
      assertThat(hasLocation(codec, tree)).as(tree).isFalse();
    }
  }

  /** Only what is read from bytes knows where it failed. */
  private static boolean hasLocation(EventCodec<Event> codec, String type) {
    var unreadable =
        catchThrowableOfType(
            UnreadableEventException.class,
            () ->
                codec.decode(stored(type, "{\"cents\":\"x\",\"amount\":\"x\",\"parcels\":\"x\"}")));
    return unreadable.getCause() instanceof JacksonException cause
        && cause.getLocation().getLineNr() > 0;
  }

  @Test
  @SuppressWarnings("NullAway") // one of the functions gives null on purpose
  void failingUpcastsMakeTheEventUnreadable() {
    assertBroken(
        data -> {
          throw new IllegalStateException("no rate");
        },
        "no rate");
    assertBroken(data -> data.put("cents", data.get("none").asLong()), "NullPointerException");
    assertBroken(data -> null, "an upcast gave null");
    assertBroken(data -> data.put("cents", "x"), "Cannot deserialize");
    EventCodec<Event> codec =
        EventCodec.jsonBuilder(Event.class)
            .replaced(
                "old",
                1,
                Set.of("paid"),
                (data, stored) -> List.of(new UpcastEvent(data.get("to").asString(), data)))
            .build();
    for (String undeclared : List.of("placed", "@", "old")) {
      assertThatThrownBy(() -> codec.decode(stored("old", "{\"to\":\"" + undeclared + "\"}")))
          .isInstanceOf(UnreadableEventException.class)
          .hasMessageContaining(
              "the upcast of 'old' gave '" + undeclared + "', declared are [paid]");
    }
    for (String broken : List.of("", "{", "null", "[]", "1", "{} x")) {
      assertThatThrownBy(() -> codec.decode(stored("old", broken)), broken)
          .isInstanceOfSatisfying(
              UnreadableEventException.class, e -> assertThat(e.typeUnknown()).isFalse());
    }
  }

  private static void assertBroken(UnaryOperator<ObjectNode> upcast, String reason) {
    EventCodec<Event> codec =
        EventCodec.jsonBuilder(Event.class)
            .version(Placed.class, 2)
            .upcast("placed", 1, upcast)
            .build();
    assertThatThrownBy(() -> codec.decode(stored("placed", "{\"cents\":1}")))
        .isInstanceOfSatisfying(
            UnreadableEventException.class,
            e -> {
              assertThat(e.typeUnknown()).isFalse();
              assertThat(e.reason()).contains(reason);
            })
        .hasMessageContaining("event 3 of order:1 (type 'placed')")
        .hasMessageContaining(reason);
  }

  private static StoredEvent stored(String type, String json) {
    return new StoredEvent(
        STREAM,
        3,
        new Position(0, 1, 1),
        "c",
        Metadata.empty(),
        new EncodedEvent(type, json.getBytes(StandardCharsets.UTF_8)));
  }
}
