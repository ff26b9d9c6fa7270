package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Opened;
import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.Confirmation;
import io.refold.eventstore.Durability;
import io.refold.eventstore.DurabilityContract;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.StoreMisconfiguredException;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A primary and its replica: what is confirmed, what is not, and what survives the primary. */
class ReplicasTest extends DurabilityContract {
  private static final Durability ONE = Durability.replicas(1, Duration.ofSeconds(10));
  private static final Durability SOON = Durability.replicas(1, Duration.ofMillis(100));

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis primary;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis replica;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis lonely;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore store;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore withoutReplica;

  private final String id = UUID.randomUUID().toString();

  @BeforeAll
  static void open() {
    primary = EmbeddedRedis.start("repl-diskless-sync-delay 0");
    replica = replicaOf(primary);
    lonely = EmbeddedRedis.start();
    store = RedisEventStore.connect(primary.url());
    withoutReplica = RedisEventStore.connect(lonely.url());
  }

  @AfterAll
  static void close() {
    withoutReplica.close();
    store.close();
    lonely.close();
    replica.close();
    primary.close();
  }

  @AfterEach
  void goOn() throws Exception {
    signal(replica, "CONT");
  }

  private static EmbeddedRedis replicaOf(EmbeddedRedis server) {
    EmbeddedRedis replica = EmbeddedRedis.start("replicaof 127.0.0.1 " + server.port());
    awaitTold(server, "replication", "state=online");
    return replica;
  }

  private static void awaitTold(EmbeddedRedis server, String section, String fact) {
    var told = Pattern.compile(fact);
    try (var raw = new RawRedis(server)) {
      DoctorFixture.await(() -> told.matcher(DoctorFixture.info(raw, section)).find());
    }
  }

  @Override
  protected EventStore reaching() {
    return store;
  }

  @Override
  protected EventStore unreaching() {
    return withoutReplica;
  }

  private static void signal(EmbeddedRedis server, String signal)
      throws IOException, InterruptedException {
    String pid = String.valueOf(server.process().pid());
    assertThat(new ProcessBuilder("kill", "-" + signal, pid).start().waitFor()).isZero();
  }

  private Append opened() {
    return Append.of(ACCOUNTS, id, ExpectedVersion.noStream(), List.of(new Opened("Alice")));
  }

  private static Confirmation reached(AppendResult result) {
    assertThat(result).isInstanceOf(AppendResult.Appended.class);
    return ((AppendResult.Appended) result).durability();
  }

  @Test
  void aStoppedReplicaIsReportedInTimeAndTheEventIsThere() throws Exception {
    store.append(opened().withDurability(ONE));
    signal(replica, "STOP");
    var deposit =
        Append.of(ACCOUNTS, id, ExpectedVersion.exactly(1), List.of(new Deposited(5)))
            .withDurability(SOON);

    var first = reached(store.append(deposit));
    var repeat = (AppendResult.Appended) store.append(deposit);

    assertThat(first).isEqualTo(new Confirmation(SOON, false, false, 0));
    assertThat(repeat.repeat()).isTrue();
    assertThat(repeat.durability())
        .as("a repeat that waited for nothing would be said to be safe")
        .isEqualTo(new Confirmation(SOON, false, false, 0));
    assertThat(store.read(ACCOUNTS.stream(id), 0, 10)).hasSize(2);

    signal(replica, "CONT");
    DoctorFixture.await(() ->
        reached(store.append(deposit.withDurability(ONE)))
            .equals(new Confirmation(ONE, true, false, 1)));
  }

  @Test
  void whatWantsNoMoreThanMemoryNeverStandsBehindAWait() throws Exception {
    store.append(opened());
    boolean overtaken = false;
    // a machine may stand still for as long as the waits, but not each time
    for (int attempt = 0; attempt < 3 && !overtaken; attempt++) {
      overtaken = overtakesWaits(id + attempt);
    }
    assertThat(overtaken).isTrue();
  }

  /** Tells whether appends that want memory are answered while others still wait. */
  private boolean overtakesWaits(String ids) throws Exception {
    var patient = Durability.replicas(1, Duration.ofSeconds(10));
    signal(replica, "STOP");
    try (var executor = Executors.newCachedThreadPool()) {
      var waiting = new ArrayList<Future<AppendResult>>();
      for (int i = 0; i < 20; i++) {
        var append =
            Append.of(ACCOUNTS, ids + i, ExpectedVersion.noStream(), List.of(new Opened("Bob")));
        waiting.add(executor.submit(() -> store.append(append.withDurability(patient))));
      }
      awaitTold(primary, "clients", "blocked_clients:[1-9]");
      for (int i = 0; i < 20; i++) {
        store.append(Append.of(ACCOUNTS, id, ExpectedVersion.any(), List.of(new Deposited(1))));
      }
      boolean overtaken = waiting.stream().noneMatch(Future::isDone);

      signal(replica, "CONT");
      for (var append : waiting) {
        assertThat(reached(append.get()).asked()).isEqualTo(patient);
      }
      return overtaken;
    }
  }

  @Test
  void appendsOfOneLevelShareTheirWaits() throws Exception {
    int before = waits();
    try (var executor = Executors.newFixedThreadPool(64)) {
      var appends = new ArrayList<Callable<AppendResult>>();
      for (int i = 0; i < 640; i++) {
        var append =
            Append.of(ACCOUNTS, id + "-" + i, ExpectedVersion.any(), List.of(new Deposited(i)));
        appends.add(() -> store.append(append.withDurability(ONE)));
      }
      for (var append : executor.invokeAll(appends)) {
        assertThat(reached(append.get()).reached()).isTrue();
      }
    }
    assertThat(waits() - before).isBetween(1, 320);
  }

  @Test
  void appendsOfSeveralLevelsAtATimeGetEachItsOwnAnswer() throws Exception {
    Durability two = Durability.replicas(2, Duration.ofMillis(100));
    try (var executor = Executors.newFixedThreadPool(32)) {
      var appends = new ArrayList<Callable<AppendResult>>();
      for (int i = 0; i < 320; i++) {
        var append =
            Append.of(ACCOUNTS, id + "-" + i, ExpectedVersion.any(), List.of(new Deposited(i)));
        Durability level = i % 2 == 0 ? ONE : two;
        appends.add(() -> store.append(append.withDurability(level)));
      }
      List<Future<AppendResult>> answers = executor.invokeAll(appends);
      for (int i = 0; i < answers.size(); i++) {
        boolean one = i % 2 == 0;
        assertThat(reached(answers.get(i).get()))
            .returns(one ? ONE : two, Confirmation::asked)
            .returns(one, Confirmation::reached);
      }
    }
  }

  private static int waits() {
    try (var raw = new RawRedis(primary)) {
      return raw.calls("wait");
    }
  }

  @Test
  void whatHasReachedAReplicaSurvivesTheDeathOfThePrimary() {
    try (var first = EmbeddedRedis.start("repl-diskless-sync-delay 0");
        var second = replicaOf(first)) {
      try (var old = RedisEventStore.connect(first.url())) {
        for (int i = 1; i <= 50; i++) {
          var append =
              Append.of(ACCOUNTS, id, ExpectedVersion.any(), List.of(new Deposited(i)))
                  .withDurability(ONE);
          assertThat(reached(old.append(append)).reached()).isTrue();
        }
        first.process().destroyForcibly();
        first.process().onExit().join();
        try (var raw = new RawRedis(second)) {
          raw.command("REPLICAOF", "NO", "ONE");
        }
      }
      try (var promoted = RedisEventStore.connect(second.url())) {
        assertThat(promoted.read(ACCOUNTS.stream(id), 0, 100)).hasSize(50);
      }
    }
  }

  @Test
  void theStoresOwnLevelHoldsWhereNoneIsAsked() {
    try (var careful = RedisEventStore.to(primary.url()).durability(ONE).open()) {
      assertThat(reached(careful.append(opened())))
          .isEqualTo(new Confirmation(ONE, true, false, 1));
      assertThat(careful.confirm(ACCOUNTS.stream(id), null).asked()).isEqualTo(ONE);
      var quick =
          Append.of(ACCOUNTS, id, ExpectedVersion.any(), List.of(new Deposited(1)))
              .withDurability(Durability.memory());
      assertThat(reached(careful.append(quick))).isEqualTo(Confirmation.memory());
      assertThat(reached(careful.close(ACCOUNTS.stream(id), ExpectedVersion.any())).asked())
          .isEqualTo(ONE);
    }
  }

  @Test
  void aServerThatCannotSayThatItsDiskHasThemIsRefusedBeforeAnythingIsWritten() {
    Durability fsync = Durability.fsync(Duration.ofSeconds(1));

    assertThatThrownBy(() -> store.append(opened().withDurability(fsync)))
        .isInstanceOf(StoreMisconfiguredException.class)
        .hasMessageContaining("needs Redis 7.2 or Valkey 7.2")
        .hasMessageContaining("appendfsync always");
    assertThat(store.read(ACCOUNTS.stream(id), 0, 10)).isEmpty();
    assertThatThrownBy(() -> RedisEventStore.to(primary.url()).durability(fsync).open())
        .isInstanceOf(StoreMisconfiguredException.class)
        .hasMessageContaining("durability 'fsync'");
  }
}
