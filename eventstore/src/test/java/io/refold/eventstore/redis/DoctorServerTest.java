package io.refold.eventstore.redis;

import static io.refold.eventstore.redis.DoctorFixture.codes;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.ClockCheck.Offset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong with a server is found, and nothing else. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DoctorServerTest {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static DoctorFixture servers;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore store;

  @BeforeAll
  static void start() {
    servers = new DoctorFixture();
    store = servers.store();
  }

  @AfterAll
  static void stop() {
    store.close();
    servers.close();
  }

  private static void found(String setting, String value, String... codes) {
    assertThat(servers.codesWith(store, setting, value))
        .as("%s %s", setting, value)
        .containsExactlyInAnyOrder(codes);
  }

  @Test
  void aHealthyServerIsHealthy() {
    assertThat(Doctor.of(store).examine().toString()).isEqualTo("Nothing was found.");
    assertThat(Doctor.of(store).thorough().examine().findings()).isEmpty();
  }

  @Test
  void settingsThatLoseOrSlowAreFound() {
    found("maxmemory-policy", "allkeys-lru", "eviction");
    found("appendfsync", "no", "append-only-file-not-synced", "no-waitaof");
    found("appendfsync", "everysec", "append-only-file-synced-late", "no-waitaof");
    found("appendonly", "no", "no-append-only-file");
    found("stream-node-max-bytes", "4096", "large-stream-nodes");
    found("stream-node-max-bytes", "0", "large-stream-nodes");
    found("timeout", "59", "idle-clients-cut");
    found("tcp-keepalive", "0", "no-keepalive");
    found("client-output-buffer-limit", "replica 1mb 0 60", "small-replica-buffer");
    found("client-output-buffer-limit", "replica 256mb 1mb 60", "small-replica-buffer");
    found("lua-time-limit", "100", "script-time-limit");
    found("maxmemory", "0", "no-memory-limit");
    found("min-replicas-to-write", "2", "too-few-replicas");
    found("min-replicas-to-write", "0", "master-writes-alone");
  }

  @Test
  void aServerThatNoStoreOpensOnIsExaminedAllTheSame() {
    try (var redis = EmbeddedRedis.start("maxmemory-policy allkeys-lru");
        var doctor = Doctor.connect(redis.url(), "nobody")) {
      Diagnosis diagnosis = doctor.examine();
      assertThat(codes(diagnosis))
          .containsExactlyInAnyOrder(
              "eviction",
              "no-append-only-file",
              "no-waitaof",
              "no-memory-limit",
              "no-replica",
              "no-store");
      assertThat(diagnosis.losesData()).isTrue();
      assertThat(diagnosis.findings()).element(0).returns(Severity.LOSS, Finding::severity);
      assertThat(diagnosis.toString())
          .contains("[loses data] eviction")
          .contains("found:       maxmemory-policy of 127.0.0.1:" + redis.port())
          .contains("remedy:      CONFIG SET maxmemory-policy noeviction");
      try (var raw = new RawRedis(redis)) {
        assertThat(raw.command("DBSIZE")).as("keys made").isEqualTo("0");
      }
    }
  }

  @Test
  void aReplicaMayReplaceItsMasterSoItsSettingsMatter() {
    try (var raw = new RawRedis(servers.replica)) {
      raw.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
      Diagnosis diagnosis = Doctor.of(store).examine();
      raw.command("CONFIG", "SET", "maxmemory-policy", "noeviction");
      assertThat(diagnosis.findings())
          .singleElement()
          .asString()
          .contains("eviction", "127.0.0.1:" + servers.replica.port());
    }
  }

  @Test
  void aDiskThatTakesNothingIsFound(@TempDir Path temp) throws IOException {
    Path disk = Files.createDirectory(temp.resolve("disk"));
    try (var redis = EmbeddedRedis.start(DoctorFixture.with("dir " + disk));
        var raw = new RawRedis(redis);
        var doctor = Doctor.connect(redis.url(), "nobody")) {
      try (Stream<Path> files = Files.walk(disk)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
      raw.command("BGSAVE");
      DoctorFixture.await(() -> info(raw).contains("rdb_last_bgsave_status:err"));
      assertThat(codes(doctor))
          .containsExactlyInAnyOrder("snapshot-fails", "no-replica", "no-store");
      DoctorFixture.await(() -> {
        raw.command("BGREWRITEAOF");
        return info(raw).contains("aof_last_bgrewrite_status:err");
      });
      assertThat(codes(doctor)).contains("append-only-file-fails");
    }
  }

  private static String info(RawRedis raw) {
    return DoctorFixture.info(raw, "persistence");
  }

  @Test
  void memoryThatIsNearlyFullIsFound() {
    long used = number("used_memory");
    found("maxmemory", String.valueOf(used + used / 10), "memory-nearly-full");
  }

  @Test
  void memoryThatLastsNoMonthAtThisPaceIsFound() {
    try (var old = servers.store()) {
      String tag = old.session().partitionTag(1);
      servers.raw.command("DEL", tag + ":log");
      long tenDaysAgo = Instant.now().minus(Duration.ofDays(10)).toEpochMilli() * 1_000;
      servers.raw.command("XADD", tag + ":log", "1-" + tenDaysAgo, "w", "1 1 note:none");
      long used = number("used_memory");
      long grown = used - number("used_memory_startup");
      assertThat(servers.codesWith(old, "maxmemory", String.valueOf(used + grown)))
          .contains("memory-runs-out");
      assertThat(codes(Doctor.of(old))).doesNotContain("memory-runs-out");
    }
  }

  private static long number(String fact) {
    return Long.parseLong(ServerNode.lines(servers.info("memory")).get(fact));
  }

  @Test
  void memoryInPiecesIsFound() {
    long gigabyte = 1L << 30;
    assertThat(MemoryCheck.fragmentation("a", gigabyte, 2 * gigabyte)).isPresent();
    assertThat(MemoryCheck.fragmentation("a", gigabyte, gigabyte + gigabyte / 4)).isEmpty();
    assertThat(MemoryCheck.fragmentation("small", 1 << 20, 20 << 20)).isEmpty();
  }

  @Test
  void aMasterWithoutReplicaIsFound() {
    try (var redis = EmbeddedRedis.start(DoctorFixture.HEALTHY);
        var alone = RedisEventStore.connect(redis.url())) {
      assertThat(codes(Doctor.of(alone))).containsExactly("no-replica");
    }
  }

  @Test
  void aReplicaThatDoesNotAnswerAndFallsBehindIsFound() throws Exception {
    try (var pair = new DoctorFixture();
        var written = pair.store()) {
      signal(pair.replica, "STOP");
      try {
        pair.raw.command("SET", "noise", "x".repeat(40 << 20));
        Diagnosis diagnosis = Doctor.of(written).examine();
        assertThat(codes(diagnosis)).contains("replica-lagging", "not-checked");
        assertThat(diagnosis.toString()).contains("eviction at 127.0.0.1:" + pair.replica.port());
      } finally {
        signal(pair.replica, "CONT");
      }
    }
  }

  private static void signal(EmbeddedRedis redis, String name) throws Exception {
    Process kill =
        new ProcessBuilder("kill", "-" + name, String.valueOf(redis.process().pid())).start();
    assertThat(kill.waitFor()).isZero();
  }

  @Test
  void aReplicaThatHasNotGotItsDataIsFound() {
    try (var master =
            EmbeddedRedis.start("repl-diskless-sync yes", "repl-diskless-sync-delay 600");
        var replica = EmbeddedRedis.start("replicaof 127.0.0.1 " + master.port());
        var raw = new RawRedis(master);
        var doctor = Doctor.connect(master.url(), "nobody")) {
      DoctorFixture.await(() -> DoctorFixture.info(raw, "replication").contains("wait_bgsave"));
      assertThat(doctor.examine().findings().stream().filter(this::notOnline))
          .as("as both tell")
          .hasSize(2);
      assertThat(replica.process().isAlive()).isTrue();
    }
  }

  private boolean notOnline(Finding finding) {
    return finding.code().equals("replica-not-online");
  }

  @Test
  void clocksThatDifferAreFound() {
    assertThat(codes(Doctor.of(store).at(() -> Instant.now().minusSeconds(5))))
        .containsExactly("clock-off");
    assertThat(ClockCheck.judge(List.of(new Offset("a", 600, 10), new Offset("b", -700, 10))))
        .singleElement()
        .returns("clocks-apart", Finding::code);
    assertThat(ClockCheck.judge(List.of(new Offset("slow", 1_900, 1_000)))).isEmpty();
  }

  @Test
  void versionsThatAreTooOldAreFound() throws IOException {
    try (var proxy =
            new RewritingProxy(
                servers.master.port(), Map.of("redis_version:7.0", "redis_version:6.2"));
        var doctor =
            Doctor.connect("redis://127.0.0.1:" + proxy.port(), store.session().namespace())) {
      assertThat(codes(doctor)).containsExactly("server-too-old");
    }
  }

  @Test
  void aFileThatCannotBeWrittenIsFound() throws IOException {
    var fails = Map.of("aof_last_write_status:ok\r\n", "aof_last_write_status:err\n");
    try (var proxy = new RewritingProxy(servers.master.port(), fails);
        var doctor =
            Doctor.connect("redis://127.0.0.1:" + proxy.port(), store.session().namespace())) {
      assertThat(codes(doctor)).containsExactly("append-only-file-fails");
    }
  }

  @Test
  void scriptsThatAreGoneOrSlowAreFound() {
    servers.raw.command("SCRIPT", "FLUSH");
    assertThat(codes(Doctor.of(store))).containsExactly("scripts-not-loaded");
    DoctorFixture.append(store, "again", 0);
    servers.raw.command("CONFIG", "SET", "slowlog-log-slower-than", "10000");
    String slow = "local x = 0 for i = 1, 3e7 do x = x + i end return x";
    servers.raw.command("EVAL", slow, "1", store.session().partitionTag(0) + ":log");
    assertThat(codes(Doctor.of(store))).containsExactly("slow-scripts");
    servers.raw.command("SLOWLOG", "RESET");
    servers.raw.command("EVAL", slow, "1", "other:key");
    assertThat(codes(Doctor.of(store))).as("not ours").isEmpty();
    servers.raw.command("CONFIG", "SET", "slowlog-log-slower-than", "-1");
    servers.raw.command("SLOWLOG", "RESET");
  }

  @Test
  void whatIsNotPermittedIsNotChecked() {
    servers.raw.command(
        "ACL", "SETUSER", "nurse", "on", ">pw", "~*", "&*", "+@all", "-config", "-slowlog");
    try (var doctor =
        Doctor.connect(
            "redis://nurse:pw@127.0.0.1:" + servers.master.port(), store.session().namespace())) {
      Diagnosis diagnosis = doctor.examine();
      assertThat(codes(diagnosis)).containsExactly("not-checked");
      assertThat(diagnosis.toString())
          .contains("persistence at 127.0.0.1:", "NOPERM", "config|get", "scripts at")
          .doesNotContain("channel:");
      assertThat(diagnosis.losesData()).isFalse();
    }
  }

  @Test
  void connectionsThatAreLostLaterAreStillNoticed() {
    try (var redis = EmbeddedRedis.start(DoctorFixture.HEALTHY);
        var events = RedisEventStore.connect(redis.url())) {
      awaitNoExamination(redis);
      long before = events.disruptions();
      assertThat(codes(Doctor.of(events))).containsExactly("no-replica");
      awaitNoExamination(redis);
      assertThat(events.disruptions()).as("an examination is none").isEqualTo(before);
      redis.crashAndRestart();
      DoctorFixture.await(() -> events.disruptions() > before);
    }
  }

  /** Waits until its connections are gone, which are the only ones with such a last command. */
  private static void awaitNoExamination(EmbeddedRedis redis) {
    var examining = Pattern.compile("cmd=(scan|info|config|slowlog|time|script)");
    try (var raw = new RawRedis(redis)) {
      DoctorFixture.await(
          () -> !examining.matcher(String.valueOf(raw.command("CLIENT", "LIST"))).find());
    }
  }

  @Test
  void anExaminationEndsInTime() {
    Diagnosis diagnosis = Doctor.of(store).within(Duration.ofNanos(1)).examine();
    assertThat(codes(diagnosis)).containsExactly("not-checked");
    assertThat(diagnosis.toString()).contains("the time for the examination, 0 s, is over");
  }
}
