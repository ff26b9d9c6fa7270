package io.refold.eventstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class EventSkippingTest {
  sealed interface Event {}

  record Paid(BigDecimal amount) implements Event {}

  private static final StreamId STREAM = new StreamId("order", "1");

  @Test
  void unreadableEventsAreSkippedOnlyWhereThePredicateHolds() {
    EventCodec<Event> codec =
        EventCodec.jsonBuilder(Event.class)
            .skipUnreadable(UnreadableEventException::typeUnknown)
            .build();

    List<String> logged =
        logged(() -> {
          assertThat(codec.decode(stored("unheard", "{\"secret\":1}"))).isEmpty();
          assertThatThrownBy(() -> codec.decode(stored("paid", "{\"amount\":\"secret\"}")))
              .isInstanceOf(UnreadableEventException.class);
        });

    assertThat(logged)
        .containsExactly(
            "[WARN] Skipped event 3 of order:1 (type 'unheard') as the codec is told to: its type"
                + " is unknown");
  }

  @Test
  void skippingLogsNoData() {
    EventCodec<Event> codec =
        EventCodec.jsonBuilder(Event.class).skipUnreadable(unreadable -> true).build();

    List<String> logged =
        logged(() -> assertThat(codec.decode(stored("paid", "{\"amount\":\"secret\"}"))).isEmpty());

    assertThat(logged)
        .singleElement()
        .asString()
        .startsWith("[WARN] Skipped event 3 of order:1 (type 'paid')")
        .doesNotContain("secret");
  }

  @Test
  void aPredicateThatFailsSkipsNothing() {
    EventCodec<Event> codec =
        EventCodec.jsonBuilder(Event.class)
            .skipUnreadable(unreadable -> {
              throw new IllegalStateException("predicate");
            })
            .build();

    assertThatThrownBy(() -> codec.decode(stored("unheard", "{}")))
        .isInstanceOf(UnreadableEventException.class)
        .hasSuppressedException(new IllegalStateException("predicate"));
  }

  private static List<String> logged(Runnable action) {
    var logger = (Logger) LoggerFactory.getLogger(JsonEventCodec.class);
    var appender = new ListAppender<ILoggingEvent>();
    appender.start();
    logger.addAppender(appender);
    try {
      action.run();
    } finally {
      logger.detachAppender(appender);
    }
    return appender.list.stream().map(ILoggingEvent::toString).toList();
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
