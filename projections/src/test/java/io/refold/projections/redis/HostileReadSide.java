package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Position;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.Await;
import io.refold.projections.Fuzz;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Shop.SalesByDay;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * A server with events and all that projections have made of them, among it a stream that is parked
 * and an event that was dropped: what it is can be changed by force, and made again.
 */
final class HostileReadSide implements AutoCloseable {
  static final Duration SHORT = Duration.ofMillis(300);
  static final SalesByDay SALES = new SalesByDay();
  static final Orders ORDERS =
      new Orders(
          1,
          recorded -> {
            if (recorded.event() instanceof Paid(long cents) && cents == 13) {
              throw new IllegalArgumentException("13 cents are refused");
            }
          });

  private static final List<String> TYPES =
      List.of("string", "list", "set", "zset", "hash", "stream");
  private static final List<String> NUMBERS = List.of("0", "-1", "7", "1000000000", "1e9");
  private static final Pattern NUMBER = Pattern.compile("\\d+");
  private static final List<String> KINDS =
      List.of(
          ":views", ":at:", ":lease:", ":parked:", ":dropped:", ":head", ":rows", ":keys", ":ix:");
  private static final int SHARDS = 2;
  private static final int CALM = 1;
  private static final int FILLING = 2;

  private final EmbeddedRedis redis = EmbeddedRedis.start();
  private final HostileServer server = new HostileServer(redis);
  private final RedisEventStore events = RedisEventStore.to(redis.url()).partitions(2).open();
  private final RedisProjectionStore store = RedisProjectionStore.on(events, SHARDS);
  private final List<String> keysOfEvents;
  private final Position last;

  HostileReadSide() throws IOException {
    Shop.fill(events, "o", 6);
    Shop.append(events, "bad", new Placed("p"), new Paid(13), new Paid(1));
    Shop.append(events, "worse", new Paid(13), new Paid(1));
    last = Shop.append(events, "o1", new Paid(2));
    keysOfEvents = keys();
    project();
    assertThat(KINDS)
        .allMatch(kind -> keysOfProjections().stream().anyMatch(k -> k.contains(kind)));
    copy(0, CALM);
    beginRebuild();
    copy(0, FILLING);
  }

  RedisProjectionStore store() {
    return store;
  }

  /** Returns the position of the last event. */
  Position last() {
    return last;
  }

  /** Lets workers of both projections start. */
  ProjectionWorkers workers() {
    return ProjectionWorkers.on(store).add(ORDERS).add(SALES).lease(SHORT).attempts(2).start();
  }

  private void project() {
    var parked = store.parked(ORDERS);
    try (var workers = workers()) {
      Await.until("all is parked", () -> store.status(ORDERS).parked() == 2);
      parked.drop(
          parked.list().stream().filter(p -> p.version() == 1).findFirst().orElseThrow(), "wrong");
      Await.until("one is dropped", () -> parked.list().size() == 1);
      Await.until("all is applied", () -> workers.status().stream().allMatch(s -> s.caughtUp()));
    }
  }

  /** Begins one that nobody goes on with. */
  private void beginRebuild() {
    var live = store.generations().look(ORDERS.name(), ORDERS.version()).live().orElseThrow();
    var begun =
        store
            .generations()
            .start(
                ORDERS.name(),
                live.shape(),
                Generations.Purpose.REBUILD,
                new Generations.Terms(1, false, true),
                "somebody",
                Duration.ofMillis(1));
    assertThat(begun).isInstanceOf(Generations.Start.Started.class);
    var fresh = new Generation(ORDERS.name(), live.generation().number() + 1);
    for (int shard = 0; shard < SHARDS; shard++) {
      store.views().create(fresh, shard);
    }
    for (int partition = 0; partition < events.partitions(); partition++) {
      store.subscriptions().create(partition, fresh);
    }
  }

  /** Makes everything as it was, in the middle of a rebuild or not. */
  void begin(boolean filling) throws IOException {
    server.command("FLUSHDB");
    copy(filling ? FILLING : CALM, 0);
  }

  private void copy(int from, int to) throws IOException {
    String script =
        """
        redis.call('SELECT', %d)
        for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('COPY', key, key, 'DB', %d) end
        """
            .formatted(from, to);
    assertThat(server.command("EVAL", script, "0")).isNull();
  }

  /** Returns what lies at the keys of the events, entry by entry: groups do not count. */
  String contentsOfEvents() throws IOException {
    var contents = new StringBuilder();
    for (String key : keysOfEvents) {
      boolean stream = "stream".equals(server.command("TYPE", key));
      contents
          .append(key)
          .append(stream ? server.command("XRANGE", key, "-", "+") : server.command("DUMP", key));
    }
    return contents.toString();
  }

  /** Returns all keys that are there beside those of the events. */
  List<String> keysOfProjections() {
    try {
      List<String> keys = keys();
      keys.removeAll(keysOfEvents);
      return keys;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<String> keys() throws IOException {
    var keys = new ArrayList<String>();
    list("KEYS", "*").forEach(key -> keys.add(String.valueOf(key)));
    keys.sort(null);
    return keys;
  }

  private List<?> list(String... words) throws IOException {
    return (List<?>) Objects.requireNonNull(server.command(words));
  }

  /** Removes a key, puts something else there, or changes a part of it. */
  void damage(Fuzz fuzz, String key) throws IOException {
    if (fuzz.oneIn(8)) {
      server.command("DEL", key);
      return;
    }
    switch (fuzz.oneIn(6) ? "" : String.valueOf(server.command("TYPE", key))) {
      case "hash" -> damageField(fuzz, key);
      case "zset" -> {
        String member = String.valueOf(fuzz.pick(list("ZRANGE", key, "0", "-1")));
        server.command("ZADD", key, "0", fuzz.oneIn(2) ? fuzz.hostile() : member + fuzz.hostile());
        server.command("ZREM", key, fuzz.oneIn(2) ? member : "");
      }
      default -> server.overwrite(key, fuzz.pick(TYPES), fuzz.hostile());
    }
  }

  /** Changes a field of a hash, or its value, as a whole or in part. */
  private void damageField(Fuzz fuzz, String key) throws IOException {
    String field = String.valueOf(fuzz.pick(list("HKEYS", key)));
    String value = String.valueOf(server.command("HGET", key, field));
    switch (fuzz.upTo(8)) {
      case 0 -> server.command("HDEL", key, field);
      case 1 -> server.command("HSET", key, field, fuzz.hostile());
      case 2 ->
          server.command("HSET", key, field, value.substring(0, fuzz.upTo(value.length() + 1)));
      case 3 ->
          server.command(
              "HSET",
              key,
              field.substring(0, fuzz.upTo(field.length() + 1)) + fuzz.hostile(),
              value);
      case 4 -> {
        String[] words = value.split(" ", -1);
        words[fuzz.upTo(words.length)] = fuzz.hostile();
        server.command("HSET", key, field, String.join(" ", words));
      }
      default -> server.command("HSET", key, field, withAnotherNumber(fuzz, value));
    }
  }

  private static String withAnotherNumber(Fuzz fuzz, String text) {
    List<MatchResult> numbers = NUMBER.matcher(text).results().toList();
    if (numbers.isEmpty()) {
      return fuzz.pick(NUMBERS);
    }
    MatchResult one = fuzz.pick(numbers);
    return text.substring(0, one.start()) + fuzz.pick(NUMBERS) + text.substring(one.end());
  }

  @Override
  public void close() throws IOException {
    events.close();
    server.close();
    redis.close();
  }
}
