package io.refold.eventstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

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

  @Test
  void whatNewerProgramsAddIsIgnored() {
    assertThat(codec.decode(stored("deep-one", "{\"number\":1,\"more\":true}")))
        .containsExactly(new DeepOne(1));
  }

  @Test
  void whatCannotBeReadIsRefusedWithAReason() {
    assertThatThrownBy(() -> codec.decode(stored("deep-two", "{}")))
        .hasMessage("unknown event type; known are [deep-one, http-call-made]");
    for (String broken :
        List.of("", "{", "null", "[]", "{\"number\":null}", "{}", "{\"number\":1} x", "\"text\"")) {
      assertThatThrownBy(() -> codec.decode(stored("deep-one", broken)), broken)
          .isInstanceOf(IllegalArgumentException.class)
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

  private static StoredEvent stored(String type, String json) {
    return stored(new EncodedEvent(type, json.getBytes(StandardCharsets.UTF_8)));
  }

  private static StoredEvent stored(EncodedEvent payload) {
    return new StoredEvent(STREAM, 1, new Position(0, 1, 1), "c", Metadata.empty(), payload);
  }
}
