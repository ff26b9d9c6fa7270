package io.refold.projections.redis;

import static io.refold.projections.Shop.append;
import static io.refold.projections.Shop.fill;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.Diagnosis;
import io.refold.eventstore.redis.Finding;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.Await;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.SalesByDay;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.api.RMap;
import org.redisson.api.RScript;
import org.redisson.api.RedissonClient;
import org.redisson.api.stream.StreamCreateGroupArgs;
import org.redisson.client.codec.StringCodec;

/** What is wrong with projections is found, and nothing is touched. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProjectionDoctorTest {
  private static final Duration SOON = Duration.ofSeconds(60);

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisEventStore events;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisProjectionStore store;

  private final Orders orders = new Orders();

  @BeforeAll
  static void start() {
    redis =
        EmbeddedRedis.start(
            "appendonly yes",
            "appendfsync always",
            "maxmemory 512mb",
            "slowlog-log-slower-than -1");
  }

  @AfterAll
  static void stop() {
    redis.close();
  }

  @BeforeEach
  void open() {
    events =
        RedisEventStore.to(redis.url()).namespace("d" + UUID.randomUUID()).partitions(4).open();
    store = RedisProjectionStore.on(events);
    fill(events, "o", 30);
  }

  @AfterEach
  void close() {
    events.close();
  }

  private void project() {
    try (var workers = ProjectionWorkers.on(store).add(orders).start()) {
      Await.until("all is applied", () -> store.status(orders).caughtUp());
      assertThat(workers).isNotNull();
    }
  }

  /** The one server has no replica, and that is no matter here. */
  private static Set<String> codes(Diagnosis diagnosis) {
    return diagnosis.findings().stream()
        .map(Finding::code)
        .filter(code -> !code.equals("no-replica"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private void found(String... codes) {
    assertThat(codes(store.doctor().examine())).containsExactlyInAnyOrder(codes);
  }

  private RedissonClient client() {
    return events.session().redisson();
  }

  private RMap<String, String> hash(String key) {
    return client().getMap(key, StringCodec.INSTANCE);
  }

  private RMap<String, String> views() {
    return hash(events.session().namespace() + ":views");
  }

  private String key(String rest) {
    return events.session().partitionTag(0) + rest;
  }

  private static String micros(Duration ago) {
    return String.valueOf(ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now().minus(ago)));
  }

  @Test
  void aStoreInUseIsHealthyWhileItIsRebuilt() throws Exception {
    var stop = new AtomicBoolean();
    var sales = new SalesByDay();
    var rows = store.readModel(orders);
    try (var executor = Executors.newSingleThreadExecutor();
        var workers = ProjectionWorkers.on(store).add(orders).add(sales).start()) {
      var writing =
          executor.submit(() -> {
            while (!stop.get()) {
              var position = append(events, "o1", new Paid(1));
              rows.find("o1", position, SOON); // at the pace of the workers
            }
          });
      try {
        for (int round = 0; round < 3; round++) {
          var rebuild = workers.rebuild(orders);
          found();
          assertThat(rebuild.await(SOON)).isPresent();
          found();
        }
        assertThat(codes(store.doctor().thorough().examine())).isEmpty();
      } finally {
        stop.set(true);
      }
      writing.get();
    }
  }

  @Test
  void anExaminationChangesNothing() {
    project();
    views().put("orders:gone", " 9");
    String before = everything();
    info("CONFIG", "RESETSTAT");
    assertThat(codes(store.doctor().thorough().examine())).contains("generation-not-swept");
    String stats = info("INFO", "commandstats");
    assertThat(stats)
        .contains("cmdstat_hscan", "cmdstat_xinfo|groups")
        .doesNotContain("cmdstat_hset", "cmdstat_evals", "cmdstat_eval:", "cmdstat_xadd");
    assertThat(everything()).isEqualTo(before);
  }

  private String info(String command, String argument) {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), redis.port())) {
      socket.getOutputStream().write((command + " " + argument + "\r\nQUIT\r\n").getBytes(UTF_8));
      return new String(socket.getInputStream().readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Every key with a digest of its value. */
  private String everything() {
    var all = new TreeMap<String, Object>();
    for (String key : client().getKeys().getKeys()) {
      Object dump =
          client()
              .getScript(StringCodec.INSTANCE)
              .eval(
                  RScript.Mode.READ_ONLY,
                  "return redis.sha1hex(redis.call('DUMP', KEYS[1])) .. redis.call('PTTL',"
                      + " KEYS[1])",
                  RScript.ReturnType.VALUE,
                  List.of(key));
      all.put(key, dump);
    }
    return all.toString();
  }

  @Test
  void aVersionThatNobodyHasBeenSeenForIsFound() {
    project();
    found();
    views().put("orders:seen:1", micros(Duration.ofHours(2)));
    found("version-unseen");
  }

  @Test
  void aRebuildWithoutCoordinatorIsFound() {
    project();
    views().put("orders:gen:2", views().get("orders:gen:1"));
    views().put("orders:rebuild", "2 1 REBUILD");
    views().put("orders:coordinator", micros(Duration.ofMinutes(-1)) + " somebody");
    found();
    views().put("orders:coordinator", micros(Duration.ofMinutes(5)) + " somebody");
    found("rebuild-abandoned");
  }

  @Test
  void aGenerationThatNobodySweepsIsFound() {
    project();
    views().put("orders:gone", " 7");
    views().put("orders:gone:7", micros(Duration.ofMinutes(1)));
    found();
    views().put("orders:gone:7", micros(Duration.ofHours(1)));
    found("generation-not-swept");
  }

  @Test
  void aGroupOfNoGenerationIsFound() {
    project();
    client()
        .getStream(key(":log"), StringCodec.INSTANCE)
        .createGroup(StreamCreateGroupArgs.name("orders:9"));
    found("group-abandoned");
  }

  @Test
  void keysThatAGenerationHasLeftAreFound() {
    project();
    views().put("orders:next", "2");
    found();
    hash(key(":lease:orders:2")).put("owner", "");
    found("generation-left-over");
  }

  @Test
  void rowsThatAGenerationHasLeftAreFoundInEveryShard() {
    store = RedisProjectionStore.on(events, 8);
    project();
    views().put("orders:next", "2");
    found();
    hash("{%s:view:orders:2:7}:rows".formatted(events.session().namespace())).put("o1", "1 {}");
    found("generation-left-over");
  }

  @Test
  void aSettledPositionThatTheLogDoesNotHoldIsFound() {
    project();
    hash(key(":at:orders:1")).put("settled", "999-1");
    found("checkpoint-ahead");
  }

  @Test
  void aShardsCheckpointThatTheLogDoesNotHoldIsFound() {
    project();
    String head = "{" + events.session().namespace() + ":view:orders:1:0}:head";
    assertThat(hash(head)).containsKey("c0");
    hash(head).put("c0", "999-1");
    found("checkpoint-ahead");
  }

  @Test
  void problemsThatWorkersReportAreFound() {
    project();
    hash(key(":at:orders:1")).put("problem", "lost: entry 3-1 is not in the log");
    found("projection-lost-history");
    hash(key(":at:orders:1")).put("problem", "halted: the code is broken");
    found("projection-halted");
    hash(key(":at:orders:1")).put("problem", "retrying: soon");
    found();
  }

  @Test
  void aFenceWithoutRebuildIsFound() {
    project();
    hash(key(":lease:orders:1")).put("fenced", "2");
    found("fence-left");
    views().put("orders:gen:2", views().get("orders:gen:1"));
    views().put("orders:rebuild", "2 1 REBUILD");
    views().put("orders:coordinator", micros(Duration.ofMinutes(-1)) + " somebody");
    found();
  }

  @Test
  void aLeaseOfSomebodyWhoIsGoneIsFound() {
    project();
    hash(key(":lease:orders:1")).put("owner", "gone");
    hash(key(":lease:orders:1")).put("expires", micros(Duration.ofSeconds(10)));
    found();
    hash(key(":lease:orders:1")).put("expires", micros(Duration.ofMinutes(10)));
    found("lease-stale");
  }

  @Test
  void parkedEventsAreFoundWithTheirNumberAndSince() {
    project();
    hash(key(":parked:orders:1")).put("p:order:o1", "3 7 1700000000000000 it is broken");
    hash(key(":parked:orders:1")).put("r:order:o1", "retry");
    hash(key(":parked:orders:1")).put("e:4 order:o2", "7 1800000000000000 so is it");
    found("parked");
    assertThat(store.doctor().examine().toString())
        .contains("orders:1 has 2, since 2023-11-14T22:13:20Z", "3 of order:o1", "it is broken");
  }
}
