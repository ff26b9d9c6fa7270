package io.refold.projections.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.AppendResult;
import io.refold.eventstore.Durability;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.SnapshotStore.Snapshot;
import io.refold.eventstore.StoreRefusedException;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.UniqueValues;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.eventstore.redis.RedisEventStoreBuilder;
import io.refold.eventstore.redis.RedisUniqueValues;
import io.refold.projections.Await;
import io.refold.projections.Awaited;
import io.refold.projections.IndexQuery;
import io.refold.projections.PartitionState;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.RebuildProgress;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Shop.SalesByDay;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The users of docs/guides/security.md can do their work, and nothing else. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AclTest {
  private static final Path GUIDE = Path.of("..", "docs", "guides", "security.md");
  private static final StreamId ORDER = Shop.ORDERS.stream("o1");
  private static final Pattern CALL =
      Pattern.compile("redis\\.p?call\\('(\\w+)((?<=XGROUP|XINFO)', '\\w+)?");

  private final EmbeddedRedis redis = EmbeddedRedis.start();
  private final Socket admin = connected(redis.port());
  private volatile boolean broken;
  private final Orders orders =
      new Orders(
          1,
          recorded -> {
            if (broken && recorded.event() instanceof Paid(long cents) && cents == 13) {
              throw new IllegalStateException("13 cents are refused");
            }
          });
  private final SalesByDay sales = new SalesByDay();

  @BeforeEach
  void grantTheLinesOfTheGuide() throws IOException {
    List<String> lines = lines();
    assertThat(lines).hasSize(5);
    lines.forEach(this::admin);
    admin("ACL SETUSER default off");
  }

  @AfterEach
  void close() throws IOException {
    admin.close();
    redis.close();
  }

  private static List<String> lines() throws IOException {
    return Files.readAllLines(GUIDE).stream()
        .filter(line -> line.startsWith("ACL SETUSER") && line.contains(" reset on "))
        .toList();
  }

  private static String line(String role) throws IOException {
    return lines().stream()
        .filter(line -> line.startsWith("ACL SETUSER refold-%s ".formatted(role)))
        .findFirst()
        .orElseThrow();
  }

  private static Socket connected(int port) {
    try {
      return new Socket(InetAddress.getLoopbackAddress(), port);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the lines of the reply to a command, which is typed as to a terminal. */
  private List<String> admin(String command) {
    try {
      admin.getOutputStream().write((command + "\r\nPING\r\n").getBytes(UTF_8));
      var replies = new BufferedReader(new InputStreamReader(admin.getInputStream(), UTF_8));
      var lines = new ArrayList<String>();
      for (String line = replies.readLine();
          !"+PONG".equals(line);
          line = Objects.requireNonNull(replies.readLine())) {
        lines.add(line);
      }
      assertThat(lines).as(command).noneMatch(line -> line.startsWith("-"));
      return lines;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the names of what the server has refused, but for Redisson's own probe. */
  private List<String> denials() {
    List<String> log = admin("ACL LOG");
    var objects = new ArrayList<String>();
    for (int line = 0; line < log.size(); line++) {
      if (log.get(line).equals("object") && !log.get(line + 2).equals("test1")) {
        objects.add(log.get(line + 2));
      }
    }
    return objects;
  }

  private RedisEventStoreBuilder to(String role) {
    String password = role.toUpperCase(Locale.ROOT) + "-PASSWORD";
    return RedisEventStore.to(
            "redis://refold-%s:%s@127.0.0.1:%d".formatted(role, password, redis.port()))
        .partitions(2);
  }

  private RedisEventStore connect(String role) {
    return to(role).open();
  }

  @Test
  void eachRoleCanDoItsWork() throws Exception {
    try (var writing = connect("writer");
        var working = connect("worker");
        var reading = connect("reader")) {
      write(writing);
      work(working, writing);
      read(reading, writing);
      assertThat(denials()).as("a permission that is missing").isEmpty();
    }
  }

  private static void write(RedisEventStore events) {
    Shop.fill(events, "o", 30);
    var stream = Shop.ORDERS.stream("o1");
    assertThat(events.read(stream, 0, 10)).hasSize(3);
    var names = RedisUniqueValues.on(events, "name");
    names.claim("taken", stream, "c-1", ofSeconds(30), options -> "claimed");
    assertThat(names.ownerOf("taken")).contains(stream);
    var refused = names.reserve("free", stream, "c-2", ofSeconds(30));
    assertThat(names.release(((UniqueValues.Result.Reserved) refused).reservation())).isTrue();
    save(events, stream, 3);
    Shop.append(events, "gone", new Placed("nothing"));
    var gone = Shop.ORDERS.stream("gone");
    assertThat(events.close(gone, ExpectedVersion.any())).isInstanceOf(AppendResult.Appended.class);
    assertThat(events.delete(gone, ExpectedVersion.any()))
        .isInstanceOf(AppendResult.Appended.class);
    assertThat(events.confirm(stream, Durability.replicas(1, ofMillis(1))).reached()).isFalse();
  }

  private static void save(RedisEventStore events, StreamId stream, long version) {
    var last = events.read(stream, version - 1, 1).getFirst();
    var snapshot = new Snapshot(version, last.position(), "shape", new byte[] {1}, new byte[0]);
    try {
      assertThat(events.snapshots().save(stream, snapshot).toCompletableFuture().join()).isTrue();
    } catch (CompletionException e) {
      throw e.getCause() instanceof StoreRefusedException refused ? refused : e;
    }
  }

  private void work(RedisEventStore events, RedisEventStore writing) throws Exception {
    var store = RedisProjectionStore.on(events, 2);
    try (var workers = ProjectionWorkers.on(store).attempts(1).add(orders).add(sales).start()) {
      Await.until("caught up", () -> store.status(orders).caughtUp());
      Await.until("caught up", () -> store.status(sales).caughtUp());
      assertThat(workers.rebuild(orders).await().state()).isEqualTo(RebuildProgress.State.DONE);
      assertThat(workers.verify(sales).await().clean()).isTrue();
      broken = true;
      Shop.append(writing, "o2", new Paid(13));
      Await.until("parked", () -> store.parked(orders).list().size() == 1);
      broken = false;
      assertThat(store.parked(orders).retryAll()).isEqualTo(1);
      Await.until("not parked", () -> store.parked(orders).list().isEmpty());
      broken = true;
      Shop.append(writing, "o2", new Paid(13));
      Await.until("parked", () -> store.parked(orders).list().size() == 1);
      store.parked(orders).drop(store.parked(orders).list().getFirst(), "not wanted");
      Await.until("dropped", () -> store.parked(orders).dropped().size() == 1);
      assertThat(workers.recompute(sales, "all")).isEmpty();
    }
  }

  private void read(RedisEventStore events, RedisEventStore writing) {
    admin("HDEL refold:views orders:seen:1"); // as if it had not been read for long
    var store = RedisProjectionStore.on(events, 2);
    var model = store.readModel(orders);
    assertThat(model.find("o1")).isPresent();
    assertThat(model.findAll(List.of("o1", "o2"))).hasSize(2);
    assertThat(model.rows(10).rows()).hasSize(10);
    assertThat(Shop.rows(model)).isNotEmpty();
    assertThat(model.count()).isPositive();
    var query = IndexQuery.of("product").equalTo("product-1");
    assertThat(model.query(query).rows()).isNotEmpty();
    assertThat(model.count(query)).isPositive();
    var position = Shop.append(writing, "o1", new Paid(1));
    assertThat(model.await(position, ofMillis(20))).isEqualTo(Awaited.TIMED_OUT);
    assertThat(store.status(orders).lag()).isPositive();
    assertThat(store.parked(orders).list()).isEmpty();
    assertThat(store.parked(orders).dropped()).hasSize(1);
    var stream = Shop.ORDERS.stream("o1");
    assertThat(events.read(stream, 0, 10)).hasSize(4);
    assertThat(events.snapshots().load(stream, "shape", 10).snapshot()).isNotNull();
    assertThat(events.head(events.partitionOf(stream)).events()).isPositive();
    assertThat(Shop.freshFold(events, sales)).isNotEmpty();
  }

  @Test
  void nobodyCanDoTheWorkOfOthers() {
    try (var writing = connect("writer");
        var working = connect("worker");
        var reading = connect("reader")) {
      Shop.append(writing, "o1", new Placed("pen"));
      var projections = RedisProjectionStore.on(working, 2);
      try (var workers = ProjectionWorkers.on(projections).add(orders).start()) {
        Await.until("caught up", () -> projections.status(orders).caughtUp());
        assertThat(workers.status()).hasSize(1);
      }

      for (RedisEventStore other : List.of(working, reading)) {
        assertRefused("the append to order:o", () -> Shop.append(other, "o1", new Placed("ink")));
        assertRefused("the append to order:o", () -> Shop.append(other, "o2", new Placed("ink")));
        assertRefused("the append to ", () -> other.delete(ORDER, ExpectedVersion.any()));
        assertRefused("snapshot.lua", () -> save(other, ORDER, 1));
        var names = RedisUniqueValues.on(other, "name");
        assertRefused("unique_", () -> names.reserve("pen", ORDER, "c-1", ofSeconds(1)));
      }
      var ofWriter = RedisProjectionStore.on(writing, 2);
      assertRefused("generation_look.lua", () -> ofWriter.status(orders));
      assertRefused("generation_", () -> ProjectionWorkers.on(ofWriter).add(orders).start());
      var ofReader = RedisProjectionStore.on(reading, 2);
      var live = ofReader.generations().look("orders", 1).live().orElseThrow().generation();
      assertRefused(
          "acquire.lua", () -> ofReader.subscriptions().acquire(live, 0, "thief", ofSeconds(9), 0));
      assertRefused("generation_", () -> ProjectionWorkers.on(ofReader).add(sales).start());

      assertThat(writing.read(ORDER, 0, 10)).as("nothing was written").hasSize(1);
      assertThat(writing.read(Shop.ORDERS.stream("o2"), 0, 10)).isEmpty();
      assertThat(writing.head(0).events() + writing.head(1).events()).isEqualTo(1);
    }
    for (String role : List.of("writer", "worker", "reader")) {
      assertRefused("open.lua", () -> to(role).namespace("other").open().close());
    }
  }

  private static void assertRefused(String call, ThrowingCallable action) {
    assertThatThrownBy(action)
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageContaining("Redis refuses " + call)
        .hasMessageContaining("ACL LOG")
        .hasMessageContaining("docs/guides/security.md");
  }

  @Test
  void aWorkerSaysThatAPermissionIsTakenAwayAndGoesOnWhenItIsGrantedAgain() throws Exception {
    String granted = line("worker");
    try (var writing = connect("writer");
        var working = connect("worker");
        var reading = connect("reader")) {
      Shop.append(writing, "o1", new Placed("pen"));
      var store = RedisProjectionStore.on(working, 2);
      var seen = RedisProjectionStore.on(reading, 2);
      try (var workers = ProjectionWorkers.on(store).add(orders).start()) {
        Await.until("caught up", () -> seen.status(orders).caughtUp());

        admin(granted.replace(" reset ", " resetkeys ").replace(" ~{refold:view:*", ""));
        Shop.append(writing, "o1", new Paid(5));
        Await.until("says so", () -> !halted(seen).isEmpty());
        assertThat(halted(seen)).allMatch(error -> error.contains("Redis refuses view_"));

        admin(granted);
        Await.until("goes on", () -> seen.status(orders).caughtUp());
        assertThat(seen.readModel(orders).find("o1").orElseThrow().cents()).isEqualTo(5);
        assertThat(halted(seen)).isEmpty();
        assertThat(workers.status()).hasSize(1);
      }
    }
  }

  private List<String> halted(RedisProjectionStore store) {
    return store.status(orders).partitions().stream()
        .filter(partition -> partition.state() == PartitionState.HALTED)
        .map(partition -> partition.error().orElse("nothing"))
        .toList();
  }

  @Test
  void noScriptStopsHalfwayForWantOfACommand() throws IOException {
    assertThat(line("writer").split(" ", -1))
        .contains(commands(Path.of("..", "eventstore"), name -> !name.startsWith("key_")));
    assertThat(line("worker").split(" ", -1)).contains(commands(Path.of(""), name -> true));
    assertThat(line("keys").split(" ", -1))
        .contains(commands(Path.of("..", "eventstore"), name -> name.startsWith("key_")));
  }

  /** Returns what the scripts of a module call, as permissions. */
  private static String[] commands(Path module, Predicate<String> scripts) throws IOException {
    var permissions = new TreeSet<String>();
    try (Stream<Path> files = Files.walk(module.resolve("src/main/resources"))) {
      for (Path file : files.filter(file -> file.toString().endsWith(".lua")).toList()) {
        if (scripts.test(file.getFileName().toString())) {
          CALL.matcher(Files.readString(file))
              .results()
              .map(call -> call.group(2) == null ? call.group(1) : call.group(1) + call.group(2))
              .map(call -> "+" + call.replace("', '", "|").toLowerCase(Locale.ROOT))
              .forEach(permissions::add);
        }
      }
    }
    assertThat(permissions).hasSizeGreaterThan(9);
    return permissions.toArray(String[]::new);
  }

  @Test
  void whatTheStartCheckMayNotAskIsAmongTheWarnings() {
    try (var events = connect("writer")) {
      assertThat(events.warnings()).element(0).asString().startsWith("appendonly of 127.0.0.1:");
    }
    admin("ACL SETUSER refold-writer -info");
    try (var events = connect("writer")) {
      assertThat(events.warnings())
          .singleElement()
          .asString()
          .contains("INFO", "maxmemory-policy", "noeviction");
    }
    admin("ACL SETUSER refold-writer +info");
    admin("CONFIG SET appendonly yes");
    try (var events = connect("writer")) {
      assertThat(events.warnings())
          .filteredOn(warning -> !warning.contains("has no replica"))
          .singleElement()
          .asString()
          .contains("CONFIG GET", "appendfsync");
    }
    admin("ACL SETUSER refold-writer +config|get");
    try (var events = connect("writer")) {
      assertThat(events.warnings()).noneMatch(warning -> warning.contains("CONFIG GET"));
    }
  }
}
