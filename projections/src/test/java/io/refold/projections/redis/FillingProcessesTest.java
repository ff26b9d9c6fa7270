package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.refold.eventstore.Position;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.Await;
import io.refold.projections.Awaited;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Verification;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Catalog;
import io.refold.projections.store.Generations.Purpose;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.api.RScript;
import org.redisson.api.options.KeysScanOptions;
import org.redisson.client.codec.StringCodec;

/** Processes that are killed while they rebuild or verify, and rows that a console has changed. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FillingProcessesTest {
  private static final String NAMESPACE = "fillings";

  private final Shop.Orders orders = new Shop.Orders();

  @SuppressWarnings("NullAway.Init") // opened before each test
  private EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisEventStore events;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisProjectionStore store;

  @BeforeEach
  void open() {
    redis = EmbeddedRedis.start();
    events = RedisEventStore.to(redis.url()).namespace(NAMESPACE).open();
    store = RedisProjectionStore.on(events);
  }

  @AfterEach
  void close() {
    events.close();
    redis.close();
  }

  private ProjectionWorkers workers() {
    return ProjectionWorkers.on(store).add(orders).lease(FillingProcess.LEASE).start();
  }

  private FillingProcess process(String task) throws Exception {
    return FillingProcess.start(redis.url(), NAMESPACE, task);
  }

  private void awaitCaughtUp() {
    Await.until("it catches up", () -> store.status(orders).caughtUp());
  }

  private long filled(Generation generation) {
    return IntStream.range(0, events.partitions())
        .mapToLong(partition ->
            store
                .subscriptions()
                .outlook(partition, generation)
                .map(outlook -> outlook.state().events())
                .orElse(0L))
        .sum();
  }

  private Catalog catalog() {
    return store.generations().look(orders.name(), 1);
  }

  private void assertEqualToFreshFold() {
    assertThat(Shop.rows(store.readModel(orders))).isEqualTo(Shop.freshFold(events, orders));
  }

  private void assertNoKeysOf(String generation) {
    String pattern = "*" + NAMESPACE + "*:" + generation + "*";
    assertThat(
            events
                .session()
                .redisson()
                .getKeys()
                .getKeys(KeysScanOptions.defaults().pattern(pattern)))
        .isEmpty();
  }

  @Test
  void aRebuildWhoseProcessIsKilledGoesOnFromWhereItWas() throws Exception {
    for (int i = 0; i < 6_000; i++) {
      Shop.append(events, "h" + i % 500, new Placed("p"), new Paid(i));
    }
    var fresh = new Generation(orders.name(), 2);
    try (var first = process("work")) {
      awaitCaughtUp();
      first.kill();
    }
    long before;
    try (var victim = process("rebuild")) {
      Await.until("a third is filled", () -> filled(fresh) > 4_000);
      victim.kill();
      before = filled(fresh);
    }
    assertThat(store.status(orders).generation()).as("not yet switched").hasValue(1);
    long least = before;
    try (var heir = process("work")) {
      Await.until(
          "another process has done the rest, never from the beginning",
          () -> {
            boolean switched = store.status(orders).generation().equals(OptionalInt.of(2));
            assertThat(filled(fresh)).isGreaterThanOrEqualTo(least);
            return switched;
          });
      awaitCaughtUp();
      assertEqualToFreshFold();
      heir.kill();
    }
  }

  @Test
  void whateverTheMomentAtWhichAVerifyingProcessIsKilledTheRowsGoOnAndNothingIsLeft()
      throws Exception {
    Shop.fill(events, "o", 500);
    try (var survivor = workers()) {
      awaitCaughtUp();
      for (boolean fenced : List.of(false, true)) {
        try (var victim = process("verify")) {
          Await.until("it verifies", () -> verifying(fenced));
          victim.kill();
        }
        Position position = Shop.append(events, "after-" + fenced, new Placed("n"));
        assertThat(store.readModel(orders).await(position, Duration.ofSeconds(20)))
            .isEqualTo(Awaited.APPLIED);
        Await.until(
            "it is off the record",
            () -> catalog().rebuild().isEmpty() && catalog().gone().isEmpty());
      }
      awaitCaughtUp();
      assertThat(store.status(orders).generation()).hasValue(1);
      assertEqualToFreshFold();
      Verification found = survivor.verify(orders).await(Duration.ofSeconds(30)).orElseThrow();
      assertThat(found.clean()).isTrue();
    }
    for (int generation = 2; generation < 40; generation++) {
      assertNoKeysOf("orders:" + generation);
    }
  }

  private boolean verifying(boolean fenced) {
    boolean frozen =
        store
            .subscriptions()
            .outlook(events.partitions() - 1, new Generation(orders.name(), 1))
            .orElseThrow()
            .fenced();
    return catalog().rebuild().filter(r -> r.purpose() == Purpose.VERIFICATION).isPresent()
        && frozen == fenced;
  }

  private void console(String command, String key, String... args) {
    StringBuilder script = new StringBuilder("return redis.call('" + command + "', KEYS[1]");
    for (int i = 1; i <= args.length; i++) {
      script.append(", ARGV[").append(i).append(']');
    }
    events
        .session()
        .redisson()
        .getScript(StringCodec.INSTANCE)
        .eval(
            RScript.Mode.READ_WRITE,
            script.append(')').toString(),
            RScript.ReturnType.LONG,
            List.of(key),
            (Object[]) args);
  }

  /** The key of the shard in which a row lies. */
  private String shard(String row, String what) {
    var crc = new CRC32();
    crc.update(row.getBytes(StandardCharsets.UTF_8));
    return "{%s:view:orders:1:%d}:%s".formatted(NAMESPACE, crc.getValue() % 4, what);
  }

  @Test
  void whatAConsoleHasChangedIsFoundWithBothValuesAndHealed() throws Exception {
    Shop.fill(events, "o", 40);
    try (var workers = workers();
        var others = workers()) {
      awaitCaughtUp();
      console("HSET", shard("o1", "rows"), "o1", "nonsense");
      console("HSET", shard("o2", "rows"), "o2", "7 {\"product\":\"other\"}");
      console("HDEL", shard("o3", "rows"), "o3");
      console("HSET", shard("ghost", "rows"), "ghost", "8 {}");
      console("ZREM", shard("o4", "keys"), "o4");
      console("ZADD", shard("dangling", "keys"), "0", "dangling");
      console("ZREM", shard("o8", "ix:product"), "product-1\0o8");
      console("ZADD", shard("o8", "ix:product"), "0", "stray\0o8");
      console("ZADD", shard("o9", "ix:cents"), "0", "no number\0o9");

      Verification found = others.verify(orders).await(Duration.ofSeconds(30)).orElseThrow();

      assertThat(found.differing())
          .extracting(Verification.Row::key, Verification.Row::live)
          .containsExactlyInAnyOrder(
              tuple("o1", Optional.of("nonsense")),
              tuple("o2", Optional.of("{\"product\":\"other\"}")),
              tuple("o3", Optional.empty()),
              tuple("ghost", Optional.of("{}")));
      assertThat(found.differing())
          .filteredOn(row -> row.key().equals("o3"))
          .extracting(Verification.Row::fresh)
          .containsExactly(Optional.of("{\"product\":\"product-3\",\"cents\":4,\"events\":3}"));
      Optional<String> product = Optional.of("product");
      assertThat(found.entries())
          .containsExactlyInAnyOrder(
              new Verification.Entry(Optional.empty(), "", "o4", false),
              new Verification.Entry(Optional.empty(), "", "dangling", true),
              new Verification.Entry(product, "product-1", "o8", false),
              new Verification.Entry(product, "stray", "o8", true),
              new Verification.Entry(Optional.of("cents"), "no number", "o9", true));

      for (String key : List.of("o1", "o2", "o3", "ghost")) {
        assertThat(workers.recompute(orders, key)).isPresent();
      }
      for (String key : List.of("o4", "dangling", "o8", "o9")) {
        assertThat(workers.recompute(orders, key)).as("the row itself was right").isEmpty();
      }

      Verification again = workers.verify(orders).await(Duration.ofSeconds(30)).orElseThrow();
      assertThat(again.clean()).as(again.toString()).isTrue();
      Shop.append(events, "o1", new Paid(1));
      awaitCaughtUp();
      assertEqualToFreshFold();
    }
  }
}
