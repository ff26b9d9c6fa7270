package io.refold.eventstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.annotation.JsonDeserialize;
import tools.jackson.databind.annotation.JsonSerialize;
import tools.jackson.databind.ser.std.StdSerializer;

class JsonEventCodecTest {
  sealed interface Event {}

  record HTTPCallMade(
      String path, @Nullable String query, List<Integer> codes, Instant at, LocalDate day)
      implements Event {}

  sealed interface Nested extends Event {}

  sealed interface AlsoNested extends Event {}

  /** Permitted twice, and with a method that looks like a property. */
  record DeepOne(int number) implements Nested, AlsoNested {
    public boolean isEven() {
      return number % 2 == 0;
    }
  }

  sealed interface Clashing {}

  static final class Left {
    record Same() implements Clashing {}
  }

  static final class Right {
    record Same() implements Clashing {}
  }

  interface Unsealed {}

  private static final StreamId STREAM = new StreamId("test", "1");

  private final EventCodec<Event> codec = EventCodec.json(Event.class);

  @Test
  void eventsAreStoredUnderNamesOfTheirRecordsAsCompactJson() {
    var event =
        new HTTPCallMade(
            "/ä",
            null,
            List.of(1, 2),
            Instant.parse("2020-01-01T00:00:00Z"),
            LocalDate.of(2020, 1, 2));

    EncodedEvent stored = codec.encode(STREAM, event);

    assertThat(stored.type()).isEqualTo("http-call-made");
    assertThat(stored.json())
        .isEqualTo(
            "{\"path\":\"/ä\",\"codes\":[1,2],\"at\":\"2020-01-01T00:00:00Z\",\"day\":\"2020-01-02\"}");
    assertThat(codec.decode(stored(stored))).containsExactly(event);
    assertThat(codec.encode(STREAM, new DeepOne(1)).toString()).isEqualTo("deep-one{\"number\":1}");
  }

  record Met(ZonedDateTime at, Map<ZonedDateTime, Integer> seats) {}

  @Test
  void timesKeepTheirZoneAndThoseStoredWithoutAreRead() {
    EventCodec<Met> meetings = EventCodec.json(Met.class);
    for (String zone : List.of("[Europe/Berlin]", "[UTC]", "[Etc/GMT-1]", "")) {
      var at =
          ZonedDateTime.parse(
              "2020-01-02T03:04:05" + (zone.equals("[UTC]") ? "Z" : "+01:00") + zone);
      var met = new Met(at, Map.of(at, 1));

      assertThat(meetings.decode(stored(meetings.encode(STREAM, met)))).containsExactly(met);
    }
    assertThat(
            meetings.decode(stored("met", "{\"at\":\"2020-01-02T03:04:05+01:00\",\"seats\":{}}")))
        .containsExactly(new Met(ZonedDateTime.parse("2020-01-02T03:04:05+01:00"), Map.of()));
  }

  @Test
  void whatNewerProgramsAddIsIgnored() {
    assertThat(codec.decode(stored("deep-one", "{\"number\":1,\"more\":true}")))
        .containsExactly(new DeepOne(1));
  }

  @Test
  void whatCannotBeReadIsRefusedWithAReason() {
    assertThatThrownBy(() -> codec.decode(stored("deep-two", "{}")))
        .isInstanceOfSatisfying(
            UnreadableEventException.class, e -> assertThat(e.typeUnknown()).isTrue())
        .hasMessage(
            "event 1 of test:1 (type 'deep-two') cannot be read: unknown event type; known are"
                + " [deep-one, http-call-made]: declare its record, or what has become of it with"
                + " renamed, replaced or retired");
    for (String broken :
        List.of("", "{", "null", "[]", "{\"number\":null}", "{}", "{\"number\":1} x", "\"text\"")) {
      assertThatThrownBy(() -> codec.decode(stored("deep-one", broken)), broken)
          .isInstanceOfSatisfying(
              UnreadableEventException.class, e -> assertThat(e.typeUnknown()).isFalse())
          .hasMessageContaining("event 1 of test:1 (type 'deep-one') cannot be read: ")
          .hasMessageEndingWith("repair it with an upcast, or let skipUnreadable pass it over")
          .hasMessageNotContaining("Exception");
    }
  }

  @Test
  void classesThatAreNotEventsAreRefusedWhenTheCodecIsMade() {
    assertThatThrownBy(() -> EventCodec.json(Unsealed.class))
        .hasMessageContaining("neither a record nor sealed");
    assertThatThrownBy(() -> EventCodec.json(Clashing.class))
        .hasMessageContaining("two events of Clashing would be stored as 'same'");
  }

  sealed interface Shape {}

  sealed interface Round extends Shape {}

  record Circle(int radius) implements Round {}

  record UnitSquare() implements Shape {}

  enum Colour {
    RED
  }

  record Drawn(
      Shape shape,
      Round round,
      Circle circle,
      List<Shape> list,
      Map<Colour, Shape> map,
      Optional<Shape> perhaps)
      implements Drawing {}

  sealed interface Drawing {}

  record Copied(Drawing of) implements Drawing {}

  @Test
  void componentsOfSealedTypesTellWhichRecordTheyAre() {
    EventCodec<Drawing> drawings = EventCodec.json(Drawing.class);
    var drawn =
        new Drawn(
            new UnitSquare(),
            new Circle(1),
            new Circle(2),
            List.of(new Circle(3), new UnitSquare()),
            Map.of(Colour.RED, new Circle(4)),
            Optional.of(new UnitSquare()));

    EncodedEvent stored = drawings.encode(STREAM, drawn);

    assertThat(stored.json())
        .isEqualTo(
            "{'shape':{'$type':'unit-square'},'round':{'$type':'circle','radius':1},'circle':{'radius':2},'list':[{'$type':'circle','radius':3},{'$type':'unit-square'}],'map':{'RED':{'$type':'circle','radius':4}},'perhaps':{'$type':'unit-square'}}"
                .replace('\'', '"'));
    assertThat(drawings.decode(stored(stored))).containsExactly(drawn);
    var copied = new Copied(new Copied(drawn));
    stored = drawings.encode(STREAM, copied);
    assertThat(stored.json())
        .startsWith("{\"of\":{\"$type\":\"copied\",\"of\":{\"$type\":\"drawn\"");
    assertThat(drawings.decode(stored(stored))).containsExactly(copied);
  }

  @JsonTypeInfo(use = JsonTypeInfo.Id.SIMPLE_NAME, property = "kind")
  sealed interface Annotated {}

  record Good(int a) implements Annotated {}

  @JsonDeserialize(as = Best.class)
  sealed interface Single {}

  record Best(int b) implements Single {}

  static final class AsText extends StdSerializer<Shape> {
    AsText() {
      super(Shape.class);
    }

    @Override
    public void serialize(Shape shape, JsonGenerator json, SerializationContext context) {
      json.writeString(shape.toString());
    }
  }

  record Users(
      Annotated annotated, Single single, @JsonSerialize(using = AsText.class) Shape text) {}

  @Test
  void annotationsOfTheUserRule() {
    EventCodec<Users> users = EventCodec.json(Users.class);

    EncodedEvent stored =
        users.encode(STREAM, new Users(new Good(1), new Best(2), new UnitSquare()));

    assertThat(stored.json())
        .isEqualTo(
            "{'annotated':{'kind':'Good','a':1},'single':{'b':2},'text':'UnitSquare[]'}"
                .replace('\'', '"'));
  }

  record Measured(BigInteger whole, BigDecimal exact, double nan, Map<String, Integer> named) {}

  @Test
  void whateverIsWrittenCanBeRead() {
    EventCodec<Measured> codec = EventCodec.json(Measured.class);
    var digits = "7".repeat(5_000);
    var measured =
        new Measured(
            new BigInteger(digits),
            new BigDecimal(digits + "." + digits),
            Double.NaN,
            Map.of("n".repeat(60_000), 1));

    assertThat(codec.decode(stored(codec.encode(STREAM, measured)))).containsExactly(measured);
  }

  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  record Listed(BigDecimal exact, String text) {}

  @Test
  void anEventThatIsAnArrayIsWrittenAndReadWhateverIsInIt() {
    EventCodec<Listed> codec = EventCodec.json(Listed.class);
    var listed = new Listed(new BigDecimal("1E+30"), "x");

    EncodedEvent stored = codec.encode(STREAM, listed);

    assertThat(stored.json()).isEqualTo("[1E+30,\"x\"]");
    assertThat(codec.decode(stored(stored))).containsExactly(listed);
  }

  record Timed(OffsetDateTime offset, Instant instant, OffsetTime time) {}

  @Test
  void timesKeepTheirOffset() {
    EventCodec<Timed> codec = EventCodec.json(Timed.class);
    var timed =
        new Timed(
            OffsetDateTime.parse("2020-01-01T10:00:00.123456789+05:30"),
            Instant.parse("2020-01-01T00:00:00.000000001Z"),
            OffsetTime.parse("10:00:00+05:30"));

    assertThat(codec.decode(stored(codec.encode(STREAM, timed)))).containsExactly(timed);
  }

  record Id(String value) {}

  record Keyed(List<Map<Id, String>> byId) {}

  sealed interface TwoOfOneName {}

  static final class Outer {
    record Twin() implements TwoOfOneName {}
  }

  record Twin() implements TwoOfOneName {}

  record Holder(Optional<TwoOfOneName> twins) {}

  @Test
  void whatCouldNotBeReadBackIsRefusedWhenTheCodecIsMade() {
    assertThatThrownBy(() -> EventCodec.json(Keyed.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Keyed.byId is a map whose keys are " + Id.class.getName());
    assertThatThrownBy(() -> EventCodec.json(Holder.class))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("two alternatives of " + TwoOfOneName.class.getName())
        .hasMessageContaining("'twin'");
  }

  private static StoredEvent stored(String type, String json) {
    return stored(new EncodedEvent(type, json.getBytes(StandardCharsets.UTF_8)));
  }

  private static StoredEvent stored(EncodedEvent payload) {
    return new StoredEvent(STREAM, 1, new Position(0, 1, 1), "c", Metadata.empty(), payload);
  }
}
