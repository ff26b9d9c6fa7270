package io.refold.eventstore.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.StoreRefusedException;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The users of docs/guides/security.md for subject keys and for the doctor, on real servers. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AclRolesTest {
  private static final Path GUIDE = Path.of("..", "docs", "guides", "security.md");
  private static final StreamId STREAM = new StreamId("person", "a");

  static void grant(RawRedis raw, String user) throws IOException {
    String line =
        Files.readAllLines(GUIDE).stream()
            .filter(told -> told.startsWith("ACL SETUSER %s reset ".formatted(user)))
            .findFirst()
            .orElseThrow();
    assertThat(raw.command(line.split(" ", -1))).isEqualTo("OK");
  }

  /** Returns what the server has refused, but for Redisson's own probe: EVAL, with a key test1. */
  private static List<String> denials(RawRedis raw, String probe) {
    var denied = new ArrayList<String>();
    for (Object entry : raw.list("ACL", "LOG")) {
      String what = String.valueOf(((List<?>) entry).get(7));
      if (!what.equals(probe)) {
        denied.add(what);
      }
    }
    return denied;
  }

  private static void refuses(RawRedis raw, String user, String... commands) {
    for (String command : commands) {
      var words = new ArrayList<>(List.of("ACL", "DRYRUN", user));
      words.addAll(List.of(command.split(" ", -1)));
      assertThat(String.valueOf(raw.command(words.toArray(String[]::new))))
          .as(command)
          .contains("has no permissions");
    }
  }

  @Test
  void subjectKeysNeedNoMoreThanTheirLine() throws IOException {
    try (var redis = EmbeddedRedis.start("appendonly yes", "appendfsync always");
        var raw = new RawRedis(redis);
        var events = RedisEventStore.connect(redis.url())) {
      grant(raw, "refold-keys");
      String url = "redis://refold-keys:KEYS-PASSWORD@127.0.0.1:" + redis.port();
      try (var keys = RedisSubjectKeys.connect(url)) {
        var key = keys.forWriting("alice", STREAM);
        keys.forgotten("alice"); // so that it is read again
        assertThat(keys.forReading("alice")).contains(key);
        var seal = keys.forSealing(STREAM);
        keys.forgotten("alice");
        assertThat(keys.forOpening(STREAM)).contains(seal);
        keys.discardSeal(STREAM);
        assertThat(keys.forOpening(STREAM)).isEmpty();
        assertThat(keys.forget("alice").streams()).containsExactly(STREAM);
        assertThat(keys.forReading("alice")).isEmpty();
        assertThat(keys.warnings(events)).hasSize(1);
      }
      assertThat(denials(raw, "test1")).as("a permission that is missing").isEmpty();

      assertThatThrownBy(() -> RedisEventStore.connect(url))
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageContaining("Redis refuses open.lua");
      refuses(
          raw,
          "refold-keys",
          "GET refold:meta",
          "HGETALL {refold-keys:alice}:subject",
          "KEYS *",
          "SCAN 0",
          "FLUSHALL",
          "CONFIG SET appendonly no",
          "ACL WHOAMI");
      grant(raw, "refold-writer");
      refuses(raw, "refold-writer", "HGET {refold-keys:alice}:subject key");
    }
  }

  @Test
  void aDoctorExaminesEverythingAndMayWriteNothing() throws IOException {
    try (var servers = new DoctorFixture();
        var replica = new RawRedis(servers.replica);
        var store = RedisEventStore.connect(servers.master.url())) {
      DoctorFixture.append(store, "a", 0);
      grant(servers.raw, "refold-doctor");
      grant(replica, "refold-doctor");
      String url = "redis://refold-doctor:DOCTOR-PASSWORD@127.0.0.1:" + servers.master.port();
      try (var doctor = Doctor.connect(url, "refold")) {
        assertThat(doctor.examine().toString()).isEqualTo("Nothing was found.");
        assertThat(doctor.thorough().examine().findings()).isEmpty();
      }
      assertThat(denials(servers.raw, "eval")).as("a permission that is missing").isEmpty();
      assertThat(denials(replica, "eval")).as("a permission that is missing").isEmpty();

      assertThatThrownBy(() -> RedisEventStore.connect(url))
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageContaining("Redis refuses open.lua");
      refuses(
          servers.raw,
          "refold-doctor",
          "EVAL return 1 0",
          "SET refold:meta x",
          "HSET refold:meta layout 2",
          "DEL refold:meta",
          "XADD {refold:0}:log * a b",
          "HGET other:meta layout",
          "CONFIG SET appendonly no",
          "SLOWLOG RESET",
          "SCRIPT FLUSH",
          "FLUSHALL");
    }
  }
}
