package io.refold.sample.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.Category;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.CommandOptions;
import io.refold.eventstore.ConflictPolicy;
import io.refold.eventstore.EventCodec;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Limits;
import io.refold.eventstore.Metadata;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.SnapshotRule;
import io.refold.eventstore.StateCache;
import io.refold.eventstore.StateCodec;
import io.refold.eventstore.StreamClosedException;
import io.refold.eventstore.StreamPage;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.sample.guide.Orders.OrderCommand;
import io.refold.sample.guide.Orders.OrderCommand.AddLine;
import io.refold.sample.guide.Orders.OrderCommand.Place;
import io.refold.sample.guide.Orders.OrderDecider;
import io.refold.sample.guide.Orders.OrderEvent;
import io.refold.sample.guide.Orders.OrderState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The code of docs/guides/aggregates.md does what the guide says. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AggregatesGuideTest {
  private static final Category<OrderEvent> ORDERS = Orders.ORDERS;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EventStore store;

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

  private static CommandHandler<OrderCommand, OrderState, OrderEvent> handler() {
    return CommandHandler.on(store, ORDERS, new OrderDecider()).build();
  }

  @Test
  void commandsAreHandledAtVersionsWithMetadata() {
    var orders = handler();
    orders.handle("acme/order-1", new AddLine("pen", 2));

    var options =
        CommandOptions.defaults()
            .withCommandId("4f8a0e") // of the request: a repeat of it changes nothing
            .withExpectedVersion(1) // as HTTP's If-Match: only if nobody was faster
            .withMetadata(Metadata.of("user", "kim"));
    var handled = orders.handle("acme/order-1", new AddLine("ink", 1), options);

    assertThat(handled.version()).isEqualTo(2);
    assertThat(handled.state().lines()).isEqualTo(2);
    assertThat(orders.handle("acme/order-1", new AddLine("ink", 1), options).repeat()).isTrue();
    assertThat(orders.load("acme/order-1").version()).isEqualTo(2);
    assertThat(store.history(ORDERS, "acme/order-1").map(Recorded::metadata).toList().getLast())
        .isEqualTo(Metadata.of("user", "kim"));
  }

  @Test
  void aHandlerIsTuned() {
    var orders =
        CommandHandler.on(store, ORDERS, new OrderDecider())
            .conflicts(ConflictPolicy.retry(20))
            .cache(StateCache.<OrderState>states(50_000).keepingUnusedFor(Duration.ofHours(1)))
            .snapshots(StateCodec.json(OrderState.class), SnapshotRule.every(500))
            .build();

    assertThat(orders.handle("tuned", new AddLine("pen", 1)).version()).isEqualTo(1);
  }

  @Test
  void streamsOfOneRouteAreWrittenTogether() {
    Category<Invoices.Event> invoices = Invoices.INVOICES;
    List<OrderEvent> placed = List.of(new OrderEvent.Placed());
    List<Invoices.Event> raised = List.of(new Invoices.Raised(12_00));

    var both =
        Append.of(ORDERS, "acme/order-7", ExpectedVersion.any(), placed)
            .and(invoices, "acme/invoice-7", ExpectedVersion.noStream(), raised);
    AppendResult result = store.append(both); // both, or neither

    assertThat(result).isInstanceOf(AppendResult.Appended.class);
    assertThat(store.history(invoices, "acme/invoice-7")).hasSize(1);
    assertThat(store.append(both.withCommandId("another")))
        .isInstanceOf(AppendResult.Conflict.class);
    assertThat(store.history(ORDERS, "acme/order-7")).hasSize(1);
  }

  /** Only part of the aggregate's own vocabulary: what the second stream holds. */
  static final class Invoices {
    static final Category<Event> INVOICES = Category.of("invoice", EventCodec.json(Event.class));

    private Invoices() {}

    sealed interface Event {}

    record Raised(long cents) implements Event {}
  }

  @Test
  void historyIsData() {
    var orders = handler();
    orders.handle("old", new AddLine("pen", 2));
    Instant before = orders.handle("old", new AddLine("ink", 1)).position().recordedAt();
    orders.handle("old", new Place());

    var asOfVersion = orders.loadAsOf("old", 1);
    var asOfTime = orders.loadAsOf("old", before);
    List<OrderEvent> events = store.history(ORDERS, "old", 0, before).map(Recorded::event).toList();

    assertThat(asOfVersion.state().lines()).isEqualTo(1);
    assertThat(asOfTime.state().placed()).isFalse();
    assertThat(events).hasSizeLessThanOrEqualTo(3).hasSizeGreaterThanOrEqualTo(2);

    var ids = new ArrayList<String>();
    Optional<String> cursor = Optional.of("");
    while (cursor.isPresent()) {
      StreamPage page = store.streams(ORDERS, cursor.get(), 1_000);
      page.streams().forEach(stream -> ids.add(stream.id()));
      cursor = page.next();
    }
    assertThat(ids).contains("old");
  }

  @Test
  void streamsEnd() {
    var orders = handler();
    orders.handle("done", new AddLine("pen", 2));
    var placed = orders.handle("done", new Place());

    String outcome =
        switch (store.close(ORDERS.stream("done"), ExpectedVersion.exactly(placed.version()))) {
          case AppendResult.Appended done -> "closed";
          case AppendResult.Conflict newer -> "open: it has new events, look at them first";
          case AppendResult.Refused ended -> "ended before: " + ended.reason();
          case AppendResult.Unknown lost -> "perhaps closed: close it again";
        };
    assertThat(outcome).isEqualTo("closed");
    assertThat(store.close(ORDERS.stream("done"), ExpectedVersion.exactly(placed.version())))
        .isInstanceOfSatisfying(
            AppendResult.Appended.class, repeat -> assertThat(repeat.repeat()).isTrue());

    AppendResult deleted = store.delete(ORDERS.stream("done"), ExpectedVersion.any());
    if (deleted instanceof AppendResult.Unknown lost) {
      throw new IllegalStateException("perhaps not deleted: delete it again", lost.cause());
    }
    assertThat(deleted).isInstanceOf(AppendResult.Appended.class);
    assertThat(store.delete(ORDERS.stream("done"), ExpectedVersion.any()))
        .isInstanceOfSatisfying(
            AppendResult.Appended.class, repeat -> assertThat(repeat.repeat()).isTrue());

    assertThatThrownBy(() -> orders.handle("done", new AddLine("ink", 1)))
        .isInstanceOf(StreamClosedException.class);
  }

  @Test
  void limitsAreTheStores() {
    String url = redis.url();
    try (var large =
        RedisEventStore.to(url)
            .namespace("large")
            .limits(Limits.defaults().withEventBytes(4 << 20))
            .open()) {
      List<OrderEvent> long1 = List.of(new OrderEvent.LineAdded("x".repeat(2 << 20), 1));
      assertThat(large.append(Append.of(ORDERS, "1", ExpectedVersion.any(), long1)))
          .isInstanceOf(AppendResult.Appended.class);
      assertThatThrownBy(() -> store.append(Append.of(ORDERS, "1", ExpectedVersion.any(), long1)))
          .hasMessageContaining("Limits.eventBytes");
    }
  }
}
