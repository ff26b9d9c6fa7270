package io.refold.eventstore.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.Category;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.Context;
import io.refold.eventstore.Decider;
import io.refold.eventstore.EncodedEvent;
import io.refold.eventstore.EventCodec;
import io.refold.eventstore.EventPage;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Metadata;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.UnreadableEventException;
import io.refold.eventstore.UpcastEvent;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class EventEvolutionRedisTest {
  sealed interface Event {}

  record Placed(long cents, String currency) implements Event {}

  record Delivered(String to) implements Event {}

  private static final Category<Event> ORDERS =
      Category.of(
          "order",
          EventCodec.jsonBuilder(Event.class)
              .version(Placed.class, 2)
              .upcast(
                  "placed",
                  1,
                  (data, stored) ->
                      data.put("currency", stored.stream().id().startsWith("ch-") ? "CHF" : "EUR"))
              .renamed("ordered", "placed")
              .replaced(
                  "sent",
                  1,
                  Set.of("delivered"),
                  (data, stored) ->
                      data.get("to")
                          .valueStream()
                          .map(to -> new UpcastEvent("delivered", data.objectNode().set("to", to)))
                          .toList())
              .retired("printed")
              .build());

  /** Folds events into their texts; a command is an event. */
  private static final class Recorder implements Decider<Event, List<Event>, Event> {
    @Override
    public List<Event> initialState() {
      return List.of();
    }

    @Override
    public List<Event> decide(Event command, List<Event> state, Context context) {
      return List.of(command);
    }

    @Override
    public List<Event> evolve(List<Event> state, Event event) {
      return Stream.concat(state.stream(), Stream.of(event)).toList();
    }
  }

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore store;

  @BeforeAll
  static void open() {
    redis = EmbeddedRedis.start();
    store = RedisEventStore.connect(redis.url());
  }

  @AfterAll
  static void close() {
    store.close();
    redis.close();
  }

  @Test
  void whatEarlierProgramsStoredIsReadAsWhatItStandsForToday() {
    write(
        "ch-1",
        new String[][] {
          {"ordered", "{\"cents\":1}"},
          {"printed", "{}"},
          {"sent", "{\"to\":[\"a\",\"b\"]}"},
          {"placed@2", "{\"cents\":2,\"currency\":\"USD\"}"}
        });
    var handler = CommandHandler.on(store, ORDERS, new Recorder()).build();

    var loaded = handler.load("ch-1");
    EventPage<Event> page = store.read(ORDERS, "ch-1", 0, 10);

    assertThat(loaded.version()).isEqualTo(4);
    assertThat(loaded.state())
        .containsExactly(
            new Placed(1, "CHF"), new Delivered("a"), new Delivered("b"), new Placed(2, "USD"));
    assertThat(page.events()).extracting(Recorded::event).isEqualTo(loaded.state());
    assertThat(page.events()).extracting(Recorded::version).containsExactly(1L, 3L, 3L, 4L);
    assertThat(page.events().get(1).position()).isEqualTo(page.events().get(2).position());
    assertThat(handler.handle("ch-1", new Delivered("c")).version()).isEqualTo(5);
    assertThat(store.read(ORDERS.stream("ch-1"), 4, 1).getFirst().payload().toString())
        .isEqualTo("delivered{\"to\":\"c\"}");
  }

  @Test
  void anUnreadableEventFailsItsReadersAndNamesItself() {
    write("2", new String[][] {{"placed@2", "{\"cents\":1,\"currency\":\"EUR\"}"}, {"lost", "{}"}});

    assertThatThrownBy(() -> CommandHandler.on(store, ORDERS, new Recorder()).build().load("2"))
        .isInstanceOfSatisfying(
            UnreadableEventException.class, e -> assertThat(e.typeUnknown()).isTrue())
        .hasMessageContaining("event 2 of order:2 (type 'lost')");
    assertThatThrownBy(() -> store.read(ORDERS, "2", 0, 10))
        .isInstanceOf(UnreadableEventException.class);
  }

  private static void write(String id, String[][] events) {
    List<EncodedEvent> encoded =
        Stream.of(events)
            .map(event -> new EncodedEvent(event[0], event[1].getBytes(StandardCharsets.UTF_8)))
            .toList();
    var write = new Append.StreamWrite(ORDERS.stream(id), ExpectedVersion.exactly(0), encoded);
    assertThat(store.append(new Append(List.of(write), "old-" + id, Metadata.empty())))
        .isInstanceOf(AppendResult.Appended.class);
  }
}
