package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import io.refold.eventstore.EventStoreException;
import io.refold.eventstore.Position;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.Await;
import io.refold.projections.Fuzz;
import io.refold.projections.IndexQuery;
import io.refold.projections.ProjectionException;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.RebuildFailedException;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Shop.SalesByDay;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations;
import io.refold.projections.store.ParkedStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * Whatever lies where projections keep their things, calls and workers succeed, or fail by what
 * they are documented to throw, and no event changes.
 */
class ReadSideStoredBytesFuzzTest {
  private static final List<String> TYPES =
      List.of("string", "list", "set", "zset", "hash", "stream");
  private static final List<String> NUMBERS = List.of("0", "-1", "7", "100000000000");
  private static final int CALM = 1; // the database with what workers have left when all was done
  private static final int FILLING =
      2; // the same in the middle of a rebuild that nobody goes on with
  private static final int SHARDS = 2;
  private static final Duration SHORT = Duration.ofMillis(300);

  private static final Orders ORDERS =
      new Orders(
          1,
          recorded -> {
            if (recorded.event() instanceof Paid(long cents) && cents == 13) {
              throw new IllegalArgumentException("13 cents are refused");
            }
          });
  private static final SalesByDay SALES = new SalesByDay();
  private static final Logger LOG = (Logger) LoggerFactory.getLogger("io.refold");
  private static final Failures FAILURES = new Failures();
  private static final List<String> EVENTS = new ArrayList<>();

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static HostileServer server;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore events;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisProjectionStore store;

  @SuppressWarnings("NullAway.Init") // written before the first test
  private static Position last;

  /** What threads of workers have failed with, and was not to be expected. */
  private static final class Failures extends AppenderBase<ILoggingEvent> {
    private final Queue<Throwable> undocumented = new ConcurrentLinkedQueue<>();

    @Override
    protected void append(ILoggingEvent event) {
      if (event.getThrowableProxy() instanceof ThrowableProxy proxy) {
        take(proxy.getThrowable());
      }
    }

    void take(Throwable failure) {
      if (!documented(failure)) {
        undocumented.add(failure);
      }
    }
  }

  /** A call of what everybody may call. */
  @FunctionalInterface
  private interface Call {
    void make() throws Exception;
  }

  @BeforeAll
  static void open() throws IOException {
    redis = EmbeddedRedis.start();
    server = new HostileServer(redis);
    events = RedisEventStore.to(redis.url()).partitions(2).open();
    store = RedisProjectionStore.on(events, SHARDS);
    Shop.fill(events, "o", 6);
    Shop.append(events, "bad", new Placed("p"), new Paid(13), new Paid(1));
    Shop.append(events, "worse", new Paid(13), new Paid(1));
    last = Shop.append(events, "o1", new Paid(2));
    EVENTS.addAll(keys());
    project();
    eval(
        "for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('COPY', key, key, 'DB', 1)"
            + " end");
    beginRebuild();
    eval(
        "for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('COPY', key, key, 'DB', 2)"
            + " end");
    FAILURES.start();
    LOG.addAppender(FAILURES);
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, failure) -> FAILURES.undocumented.add(failure));
  }

  @AfterAll
  static void close() throws IOException {
    Thread.setDefaultUncaughtExceptionHandler(null);
    LOG.detachAppender(FAILURES);
    LOG.setAdditive(true);
    events.close();
    server.close();
    redis.close();
  }

  private static void project() {
    LOG.setAdditive(false);
    var parked = store.parked(ORDERS);
    try (var workers = workers()) {
      Await.until("all is parked", () -> store.status(ORDERS).parked() == 2);
      parked.drop(
          parked.list().stream().filter(p -> p.version() == 1).findFirst().orElseThrow(), "wrong");
      Await.until("one is dropped", () -> parked.list().size() == 1);
      Await.until("all is applied", () -> workers.status().stream().allMatch(s -> s.caughtUp()));
    }
  }

  private static ProjectionWorkers workers() {
    return ProjectionWorkers.on(store).add(ORDERS).add(SALES).lease(SHORT).attempts(2).start();
  }

  private static void beginRebuild() {
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

  @Test
  void callsAndWorkersSucceedOrFailAsTheySay() throws Exception {
    Fuzz.run(0.1, ReadSideStoredBytesFuzzTest::damagedReadSide);
  }

  private static void damagedReadSide(Fuzz fuzz) throws Exception {
    begin(fuzz.oneIn(2) ? CALM : FILLING);
    String before = contents();
    List<String> keys = keys();
    keys.removeAll(EVENTS);
    var damaged = new ArrayList<String>();
    for (int i = 1 + fuzz.upTo(3); i > 0; i--) {
      String key = fuzz.oneIn(4) ? "refold:views" : fuzz.pick(keys);
      damage(fuzz, key);
      damaged.add(key);
    }
    String described = "%s damaged".formatted(damaged);
    if (fuzz.oneIn(4)) {
      succeedsOrFails(described, () -> work(described, fuzz));
    } else {
      for (int i = 0; i < 5; i++) {
        int call = fuzz.upTo(12);
        succeedsOrFails(described + ", call " + call, () -> call(call, fuzz));
      }
    }
    assertThat(FAILURES.undocumented).as(described).isEmpty();
    assertThat(contents()).as(described).isEqualTo(before);
  }

  private static void succeedsOrFails(String described, Call call) throws Exception {
    try {
      call.make();
    } catch (EventStoreException | ProjectionException told) {
      assertThat(documented(told)).as("%s: %s", described, told).isTrue();
      assertThat(told).as(described).hasMessageMatching("(?s).{20,}");
    } catch (IllegalArgumentException misuse) {
      assertThat(misuse).as(described).hasMessageContaining("is not parked");
    } catch (IllegalStateException other) {
      assertThat(other).as(described).hasMessageContaining("another kind");
    } catch (RuntimeException | Error undocumented) {
      throw new AssertionError(described, undocumented);
    }
  }

  private static boolean documented(@Nullable Throwable failure) {
    return switch (failure) {
      case ReplyLostException lost -> false; // the server is there and answers
      case RebuildFailedException failed ->
          failed.getCause() == null || documented(failed.getCause());
      case EventStoreException told -> true;
      case ProjectionException told -> true;
      case null, default -> false;
    };
  }

  private static void call(int call, Fuzz fuzz) throws Exception {
    var orders = store.readModel(ORDERS);
    var parked = store.parked(ORDERS);
    switch (call) {
      case 0 -> orders.find("o" + fuzz.upTo(6));
      case 1 -> orders.findAll(List.of("o1", "o2", "o3", "o4", "bad"));
      case 2 -> orders.stream().forEach(row -> assertThat(row.key()).isNotNull());
      case 3 -> {
        var page = orders.query(query(fuzz).limit(2));
        if (page.next().isPresent()) {
          orders.query(query(fuzz).limit(2).after(page.next().get()));
        }
      }
      case 4 -> orders.count(query(fuzz));
      case 5 -> orders.find("o1", last, SHORT);
      case 6 -> orders.awaitReady(SHORT);
      case 7 -> store.status(fuzz.oneIn(2) ? ORDERS : SALES);
      case 8 -> {
        parked.retry(Shop.ORDERS.stream("bad"));
        parked.retryAll();
      }
      case 9 -> {
        List<ParkedStream> list = parked.list();
        if (!list.isEmpty()) {
          parked.drop(fuzz.pick(list), "not needed");
        }
      }
      case 10 -> parked.dropped();
      default -> {
        try (var doctor = store.doctor()) {
          assertThat(doctor.examine()).isNotNull();
        }
      }
    }
  }

  private static IndexQuery query(Fuzz fuzz) {
    IndexQuery query = IndexQuery.of(fuzz.pick(List.of("cents", "product")));
    return fuzz.oneIn(2) ? query : query.descending();
  }

  /** Lets workers start, and does something that needs them. */
  private static void work(String described, Fuzz fuzz) throws Exception {
    try (var workers = workers()) {
      succeedsOrFails(described + ", await", () -> store.readModel(SALES).await(last, SHORT));
      int call = fuzz.upTo(5);
      succeedsOrFails(
          described + ", work " + call,
          () -> {
            switch (call) {
              case 0 -> workers.rebuild(ORDERS).await(SHORT);
              case 1 -> workers.rebuild(SALES).await(SHORT);
              case 2 -> workers.verify(fuzz.oneIn(2) ? ORDERS : SALES).await(SHORT);
              case 3 -> workers.recompute(ORDERS, "o2");
              default -> workers.status();
            }
          });
    }
  }

  private static void damage(Fuzz fuzz, String key) throws IOException {
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

  /** Changes a field of a hash, its value, a part of one or one word in it. */
  private static void damageField(Fuzz fuzz, String key) throws IOException {
    String field = String.valueOf(fuzz.pick(list("HKEYS", key)));
    String value = String.valueOf(server.command("HGET", key, field));
    switch (fuzz.upTo(6)) {
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
      default -> {
        String[] words = value.split("(?<=[ :,])", -1); // of a text, or of JSON
        words[fuzz.upTo(words.length)] =
            (fuzz.oneIn(2) ? fuzz.hostile() : fuzz.pick(NUMBERS))
                + fuzz.pick(List.of("", " ", ",", "}"));
        server.command("HSET", key, field, String.join("", words));
      }
    }
  }

  private static void begin(int database) throws IOException {
    eval(
        """
        redis.call('FLUSHDB')
        redis.call('SELECT', %d)
        for _, key in ipairs(redis.call('KEYS', '*')) do redis.call('COPY', key, key, 'DB', 0) end
        """
            .formatted(database));
  }

  /** Returns what lies at the keys of the events, entry by entry: groups do not count. */
  private static String contents() throws IOException {
    var contents = new StringBuilder();
    for (String key : EVENTS) {
      boolean stream = "stream".equals(server.command("TYPE", key));
      contents
          .append(key)
          .append(stream ? server.command("XRANGE", key, "-", "+") : server.command("DUMP", key));
    }
    return contents.toString();
  }

  private static void eval(String script) throws IOException {
    assertThat(server.command("EVAL", script, "0")).isNull();
  }

  private static List<String> keys() throws IOException {
    var keys = new ArrayList<String>();
    list("KEYS", "*").forEach(key -> keys.add(String.valueOf(key)));
    keys.sort(null);
    return keys;
  }

  private static List<?> list(String... words) throws IOException {
    return (List<?>) Objects.requireNonNull(server.command(words));
  }
}
