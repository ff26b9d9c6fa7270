package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Position;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.Await;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.PartitionState;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Paid;
import io.refold.projections.StartAt;
import io.refold.projections.reactions.Reaction;
import io.refold.projections.reactions.UnorderedReaction;
import io.refold.projections.store.Deliveries.Consumer;
import io.refold.projections.store.Deliveries.Delivery;
import io.refold.projections.store.Generation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.api.RStream;
import org.redisson.api.stream.StreamConsumer;
import org.redisson.api.stream.StreamMessageId;
import org.redisson.client.codec.StringCodec;

/** The consumers of a group on a partition's log. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ConsumersTest {
  private static final Duration LEASE = Duration.ofSeconds(1);

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisStores stores;

  private final RedisProjectionStore store = stores.fresh();
  private final RedisEventStore events = (RedisEventStore) store.events();
  private final int partition = events.partitionOf(Shop.ORDERS.stream("a"));
  private final Generation generation = new Generation("effects", 1);
  private final List<Long> seen = new ArrayList<>();
  private final UnorderedReaction reaction =
      Reaction.named("effects", StartAt.zero())
          .on(Shop.ORDERS, (recorded, cause) -> seen.add(recorded.version()))
          .unordered(1);

  @BeforeAll
  static void open() {
    redis = EmbeddedRedis.start();
    stores = new RedisStores(redis.url());
  }

  @AfterAll
  static void close() {
    stores.close();
    redis.close();
  }

  private RStream<String, String> log() {
    String key = events.session().partitionTag(partition) + ":log";
    return events.session().redisson().getStream(key, StringCodec.INSTANCE);
  }

  private List<String> consumers() {
    String group = log().listGroups().getFirst().getName();
    return log().listConsumers(group).stream().map(StreamConsumer::getName).toList();
  }

  private Consumer consumer(String name) {
    return new Consumer(generation, partition, name);
  }

  @Test
  void consumersThatWereNotSeenForAWhileAreForgottenAndThoseThatLeaveAtOnce() {
    Shop.append(events, "a", new Paid(1));
    try (var workers = DeterministicWorkers.on(store).add(reaction)) {
      workers.runUntilIdle();
    }
    assertThat(consumers()).as("who has left").isEmpty();
    for (String name : List.of("busy", "ghost 1", "ghost 2")) {
      Shop.append(events, "a", new Paid(2));
      var entry = (Delivery.Entry) store.deliveries().next(consumer(name), Set.of("order"));
      if (name.startsWith("ghost")) {
        store.deliveries().settle(consumer(name), entry.entry().position(), List.of());
      }
    }
    assertThat(consumers()).containsExactlyInAnyOrder("busy", "ghost 1", "ghost 2");
    store.deliveries().leave(consumer("busy"));
    assertThat(consumers()).as("who has something under way").contains("busy");
    Await.until(
        "the ghosts are forgotten",
        () -> {
          store.deliveries().tend(consumer("me"), Duration.ofMillis(1), LEASE);
          return consumers().stream().noneMatch(name -> name.startsWith("ghost"));
        });
    assertThat(consumers())
        .as("who had an entry when it left, until that is claimed")
        .contains("me");
  }

  @Test
  void aLogWithoutWhatWasHandledIsToldInTheStatus() {
    Position gone = Shop.append(events, "a", new Paid(1));
    try (var workers = DeterministicWorkers.on(store).add(reaction)) {
      workers.runUntilIdle();
      String[] id = gone.logId().split("-", 2);
      log().remove(new StreamMessageId(Long.parseLong(id[0]), Long.parseLong(id[1])));
      Shop.append(events, "b", new Paid(1));
      workers.runUntilIdle();
      var status = store.status(reaction).partitions().get(partition);
      assertThat(status.state()).isEqualTo(PartitionState.LOST_HISTORY);
      assertThat(status.error().orElseThrow()).contains("ProjectionWorkers.startAnew");
      assertThat(workers.startAnew(reaction, StartAt.now())).containsExactly(partition);
      Shop.append(events, "a", new Paid(2));
      workers.runUntilIdle();
    }
    assertThat(seen).contains(2L);
  }
}
