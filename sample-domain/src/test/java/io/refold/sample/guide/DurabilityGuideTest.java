package io.refold.sample.guide;

import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Append;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.CommandOptions;
import io.refold.eventstore.Durability;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.sample.guide.Orders.OrderCommand;
import io.refold.sample.guide.Orders.OrderCommand.AddLine;
import io.refold.sample.guide.Orders.OrderDecider;
import io.refold.sample.guide.Orders.OrderEvent;
import io.refold.sample.guide.Orders.OrderEvent.LineAdded;
import io.refold.sample.guide.Orders.OrderState;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The code of docs/guides/durability.md does what the guide says. */
class DurabilityGuideTest {
  private static CommandHandler<OrderCommand, OrderState, OrderEvent> orders(EventStore store) {
    return CommandHandler.on(store, Orders.ORDERS, new OrderDecider()).build();
  }

  @Test
  void aLevelThatIsNotReachedIsToldAndTheEventsAreThere() {
    var events = new InMemoryEventStore().confirming(false);
    var orders = orders(events);

    var careful = CommandOptions.defaults().withDurability(Durability.replicas(1, ofSeconds(1)));
    var handled = orders.handle("o-1", new AddLine("pen", 1), careful);
    if (!handled.durability().reached()) {
      System.out.println("stored, but not yet on a replica: " + handled.durability());
    }

    assertThat(handled.durability().reached()).isFalse();
    assertThat(orders.load("o-1").version()).isEqualTo(1);
  }

  @Test
  void anAppendHasALevelToo() {
    var events = new InMemoryEventStore();

    events.append(
        Append.of(Orders.ORDERS, "o-2", ExpectedVersion.any(), List.of(new LineAdded("pen", 1)))
            .withDurability(Durability.fsync(ofSeconds(2))));

    assertThat(events.read(Orders.ORDERS.stream("o-2"), 0, 10)).hasSize(1);
  }

  @Test
  void aStoreSaysWhatItsServerCanLose() {
    try (var redis = EmbeddedRedis.start("appendonly yes", "appendfsync everysec");
        var store = RedisEventStore.connect(redis.url())) {
      var logged = new ArrayList<String>();
      warn(store, logged::add);
      assertThat(logged)
          .anyMatch(line -> line.matches("appendfsync of .* is everysec: a crash .* loses .*"));
    }
  }

  private static void warn(RedisEventStore store, Consumer<String> log) {
    for (String warning : store.warnings()) {
      log.accept(warning); // appendfsync of 10.0.0.1:6379 is everysec: a crash … loses …
    }
  }

  @Test
  void aStoreHasALevelForAllThatSayNone() {
    try (var redis = EmbeddedRedis.start()) {
      String url = redis.url();
      var store = RedisEventStore.to(url).durability(Durability.replicas(1, ofSeconds(1))).open();
      try (store) {
        var handled = orders(store).handle("o-3", new AddLine("pen", 1));

        assertThat(handled.durability().reached()).as("there is no replica").isFalse();
        assertThat(handled.durability().asked()).isEqualTo(Durability.replicas(1, ofSeconds(1)));
      }
    }
  }
}
