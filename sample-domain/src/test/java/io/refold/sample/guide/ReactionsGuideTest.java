package io.refold.sample.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.eventstore.Limits;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.EventParkedException;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.StartAt;
import io.refold.projections.memory.InMemoryProjectionStore;
import io.refold.projections.reactions.Deadline;
import io.refold.projections.reactions.Instance;
import io.refold.projections.reactions.Processes;
import io.refold.projections.reactions.Reaction;
import io.refold.projections.store.Deliveries.Failed;
import io.refold.sample.guide.AbandonedOrders.Cart;
import io.refold.sample.guide.Inboxes.InboxDecider;
import io.refold.sample.guide.Inboxes.Message;
import io.refold.sample.guide.Inboxes.MessageReceived;
import io.refold.sample.guide.Orders.OrderCommand;
import io.refold.sample.guide.Orders.OrderCommand.AddLine;
import io.refold.sample.guide.Orders.OrderCommand.Place;
import io.refold.sample.guide.Orders.OrderDecider;
import io.refold.sample.guide.Orders.OrderEvent;
import io.refold.sample.guide.Orders.OrderEvent.Placed;
import io.refold.sample.guide.Orders.OrderState;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The code of docs/guides/reactions.md does what the guide says. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReactionsGuideTest {
  private final TestClock clock = new TestClock();
  private final InMemoryEventStore events = new InMemoryEventStore(16, clock, Limits.defaults());
  private final InMemoryProjectionStore store = InMemoryProjectionStore.on(events);
  private final CommandHandler<OrderCommand, OrderState, OrderEvent> orders =
      CommandHandler.on(events, Orders.ORDERS, new OrderDecider()).build();
  private final CommandHandler<Message, Integer, MessageReceived> inboxes =
      CommandHandler.on(events, Inboxes.INBOXES, new InboxDecider()).build();
  private final Mailer mailer = new Mailer();

  /** A clock that tests move. */
  static final class TestClock extends Clock {
    private Instant now = Instant.parse("2026-02-03T10:00:00Z");

    void advance(Duration by) {
      now = now.plus(by);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  /** Sends a mail once per key. */
  static final class Mailer {
    final Map<String, String> sent = new LinkedHashMap<>();
    boolean away;

    void send(String to, String key) {
      if (away) {
        throw new StoreUnavailableException("the mail server is away", null);
      }
      sent.putIfAbsent(key, to);
    }
  }

  private Reaction receipts() {
    var receipts =
        Reaction.named("receipts", StartAt.now())
            .on(
                Orders.ORDERS,
                (recorded, cause) -> {
                  if (recorded.event() instanceof Placed) {
                    mailer.send(recorded.id(), cause.key());
                  }
                })
            .build();
    return receipts;
  }

  private void place(String id) {
    orders.handle(id, new AddLine("pen", 2));
    orders.handle(id, new Place());
  }

  private List<MessageReceived> inbox(String id) {
    return events.history(Inboxes.INBOXES, id).map(recorded -> recorded.event()).toList();
  }

  @Test
  void aReceiptIsMailedForEachOrderFromNowOn() throws Exception {
    place("o-0");
    var receipts = receipts();
    try (var workers = ProjectionWorkers.on(store).add(receipts).start()) {
      place("o-1");
      while (store.status(receipts).lag() > 0) {
        Thread.onSpinWait();
      }
      assertThat(workers.status()).hasSize(1);
    }
    assertThat(mailer.sent).containsExactly(Map.entry("receipts:order:o-1/2", "o-1"));
  }

  @Test
  void whereNothingWasLostStartingAnewChangesNothing() {
    var receipts = receipts();
    try (var workers = ProjectionWorkers.on(store).add(receipts).start()) {
      workers.startAnew(receipts, StartAt.now());
      place("o-1");
      while (store.status(receipts).lag() > 0) {
        Thread.onSpinWait();
      }
    }
    assertThat(mailer.sent).hasSize(1);
  }

  @Test
  void aMailServerThatIsAwayIsWaitedFor() {
    try (var workers = DeterministicWorkers.on(store).add(receipts())) {
      workers.runUntilIdle();
      place("o-1");
      mailer.away = true;
      assertThatThrownBy(workers::runUntilIdle).isInstanceOf(StoreUnavailableException.class);
      mailer.away = false;
      workers.runUntilIdle();
      assertThat(mailer.sent).hasSize(1);
    }
  }

  @Test
  void aCommandToAnotherAggregateIsDoneOnce() {
    var messages =
        Reaction.named("messages", StartAt.zero())
            .on(
                Orders.ORDERS,
                (recorded, cause) -> {
                  if (recorded.event() instanceof Placed) {
                    inboxes.handle(
                        recorded.id(), new Message("thank you"), cause.options("thanks"));
                  }
                })
            .build();
    place("o-1");
    try (var workers = DeterministicWorkers.on(store).add(messages)) {
      workers.runUntilIdle();
    }
    assertThat(inbox("o-1")).containsExactly(new MessageReceived("thank you"));
  }

  @Test
  void labelsArePrintedInNoOrder() {
    var broken =
        Reaction.named("labels", StartAt.zero())
            .on(
                Orders.ORDERS,
                (recorded, cause) -> {
                  throw new IllegalStateException("the printer is on fire");
                })
            .unordered(8);
    orders.handle("o-1", new AddLine("pen", 2));
    try (var workers = DeterministicWorkers.on(store).add(broken)) {
      assertThatThrownBy(workers::runUntilIdle).isInstanceOf(EventParkedException.class);
    }
    var labels =
        Reaction.named("labels", StartAt.zero())
            .on(Orders.ORDERS, (recorded, cause) -> mailer.send("printer", cause.key()))
            .unordered(8);
    for (Failed failed : labels.failed(store)) {
      if (!labels.retry(store, failed.event())) {
        labels.drop(store, failed.event(), "printed by hand");
      }
    }
    assertThat(labels.failed(store)).isEmpty();
    assertThat(mailer.sent).hasSize(1);
  }

  @Test
  void instancesAndWhatIsOverdueAreSeenFromOutside() {
    var process = Processes.of(new AbandonedOrders(inboxes), clock);
    var log = new ArrayList<String>();
    try (var workers = DeterministicWorkers.on(store).add(process)) {
      workers.runUntilIdle();
      orders.handle("o-1", new AddLine("pen", 2));
      workers.runUntilIdle();
      clock.advance(Duration.ofDays(1));

      Optional<Instance<Cart>> cart = process.find(events, "o-1");
      cart.ifPresent(found -> log.add(found.state() + " waits for " + found.deadlines()));

      for (Deadline late : process.overdue(store, 100)) { // of each partition
        log.add("%s of %s was due %s".formatted(late.name(), late.instance(), late.due()));
      }
    }
    assertThat(log.getFirst()).startsWith("Cart[lastArticle=pen] waits for {abandoned=");
    assertThat(log.getLast()).matches("abandoned of o-1 was due 20.*Z");
  }

  @Test
  void whoDoesNotPlaceAnOrderGetsAMessageAfterADay() {
    var process = Processes.of(new AbandonedOrders(inboxes), clock);
    try (var workers = DeterministicWorkers.on(store).add(process)) {
      workers.runUntilIdle();
      orders.handle("o-1", new AddLine("pen", 2));
      place("o-2");
      workers.runUntilIdle();
      clock.advance(Duration.ofDays(1));
      workers.runUntilIdle();
      assertThat(inbox("o-1")).containsExactly(new MessageReceived("still want the pen?"));
      assertThat(inbox("o-2")).isEmpty();
    }
    assertThat(process.find(events, "o-1").orElseThrow().deadlines()).isEmpty();
    assertThat(process.overdue(store, 100)).isEmpty();
  }
}
