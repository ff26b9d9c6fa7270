package io.refold.eventstore.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.EventNotStorableException;
import io.refold.eventstore.StoreMisconfiguredException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.SubjectKeyLostException;
import io.refold.eventstore.SubjectKeys;
import io.refold.eventstore.SubjectKeysContract;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.SecretKey;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.redisson.api.RScript;
import org.redisson.client.codec.StringCodec;

class RedisSubjectKeysTest extends SubjectKeysContract {
  private static final StreamId STREAM = new StreamId("person", "a");

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisSubjectKeys keys;

  private final String subject = UUID.randomUUID().toString();

  @BeforeAll
  static void open() {
    redis = EmbeddedRedis.start("appendonly yes", "appendfsync always");
    keys = RedisSubjectKeys.connect(redis.url());
  }

  @AfterAll
  static void close() {
    keys.close();
    redis.close();
  }

  @Override
  protected SubjectKeys keys() {
    return keys;
  }

  @Test
  void whatIsHotMakesNoCall() {
    keys.forWriting(subject, STREAM);
    keys.forSealing(STREAM);
    long before = scriptCalls();
    assertThat(before).isPositive();

    for (int i = 0; i < 100; i++) {
      keys.forWriting(subject, STREAM);
      keys.forReading(subject);
      keys.forSealing(STREAM);
      keys.forOpening(STREAM);
    }

    assertThat(scriptCalls()).isEqualTo(before);
  }

  @Test
  void anotherProcessReadsOnUntilItsCacheEndsOrItTakesNotice() {
    var nanos = new AtomicLong();
    var other = new StreamId("person", "other");
    try (var elsewhere =
        RedisSubjectKeys.to(redis.url())
            .cachedFor(Duration.ofSeconds(30))
            .ticker(nanos::get)
            .open()) {
      SecretKey key = elsewhere.forWriting(subject, STREAM);
      SecretKey seal = elsewhere.forSealing(other);
      keys.forget(subject);
      keys.discardSeal(other);

      assertThat(elsewhere.forReading(subject)).contains(key);
      nanos.addAndGet(Duration.ofSeconds(29).toNanos());
      assertThat(elsewhere.forWriting(subject, STREAM)).isEqualTo(key);
      assertThat(elsewhere.forOpening(other)).contains(seal);
      nanos.addAndGet(Duration.ofSeconds(2).toNanos());
      assertThat(elsewhere.forReading(subject)).isEmpty();
      assertThat(elsewhere.forOpening(other)).isEmpty();
      assertThatThrownBy(() -> elsewhere.forWriting(subject, STREAM))
          .isInstanceOf(EventNotStorableException.class);
    }
    try (var elsewhere = RedisSubjectKeys.connect(redis.url())) {
      String second = "second " + subject;
      elsewhere.forWriting(second, STREAM);
      elsewhere.forSealing(other);
      keys.forget(second);
      keys.discardSeal(other);

      elsewhere.forgotten(second);

      assertThat(elsewhere.forReading(second)).isEmpty();
      assertThat(elsewhere.forOpening(other)).isEmpty();
    }
  }

  @Test
  void aKeyThatWasUsedAndIsGoneIsNotMadeAnew() {
    keys.forWriting(subject, STREAM);
    keys.session().redisson().getKeys().delete("{refold-keys:%s}:subject".formatted(subject));
    keys.forgotten(subject);

    assertThatThrownBy(() -> keys.forReading(subject)).isInstanceOf(SubjectKeyLostException.class);
    assertThatThrownBy(() -> keys.forWriting(subject, new StreamId("person", "b")))
        .isInstanceOf(SubjectKeyLostException.class);
  }

  @Test
  void aKeyAndItsUseAreDurableBeforeTheyAreUsedAndSoIsForgetting() {
    try (var server = EmbeddedRedis.start("appendonly yes", "appendfsync always");
        var before = RedisSubjectKeys.connect(server.url())) {
      SecretKey key = before.forWriting("a", STREAM);
      server.crashAndRestart();
      try (var after = RedisSubjectKeys.connect(server.url())) {
        assertThat(after.forReading("a")).contains(key);
        assertThat(after.forget("a").streams()).containsExactly(STREAM);
      }
      server.crashAndRestart();
      try (var after = RedisSubjectKeys.connect(server.url())) {
        assertThat(after.forReading("a")).isEmpty();
        assertThat(after.forget("a").streams()).containsExactly(STREAM);
      }
    }
  }

  @Test
  void afterALostConnectionUsesAreNotedAnew() {
    try (var server = EmbeddedRedis.start("appendonly yes", "appendfsync always");
        var some = RedisSubjectKeys.connect(server.url())) {
      some.forWriting("a", STREAM);
      some.session().redisson().getKeys().delete("{refold-keys:a}:streams");
      server.crashAndRestart();
      some.forgotten("a");
      some.forReading("a"); // meets the new server

      some.forWriting("a", STREAM);

      assertThat(some.forget("a").streams()).containsExactly(STREAM);
    }
  }

  @Test
  void aServerThatMayLoseKeysIsRefused() {
    for (String[] settings :
        new String[][] {
          {"", "has no append-only file", "set appendonly yes"},
          {"everysec", " is everysec", "set always"},
          {"no", " is no, so", "set always"}
        }) {
      String[] config =
          settings[0].isEmpty()
              ? new String[0]
              : new String[] {"appendonly yes", "appendfsync " + settings[0]};
      try (var server = EmbeddedRedis.start(config)) {
        assertThatThrownBy(() -> RedisSubjectKeys.connect(server.url()))
            .isInstanceOf(StoreMisconfiguredException.class)
            .hasMessageContaining(String.valueOf(server.port()))
            .hasMessageContaining(settings[1])
            .hasMessageContaining(settings[2]);
      }
    }
    try (var server =
        EmbeddedRedis.start(
            "appendonly yes", "appendfsync always", "maxmemory-policy allkeys-lru")) {
      assertThatThrownBy(() -> RedisSubjectKeys.connect(server.url()))
          .isInstanceOf(StoreMisconfiguredException.class)
          .hasMessageContaining(" is allkeys-lru");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"appendonly no", "appendfsync no"})
  void aServerThatMayLoseKeysSinceItWasChangedGetsNoMoreOfThem(String setting) {
    String[] changed = setting.split(" ", -1);
    try (var server = EmbeddedRedis.start("appendonly yes", "appendfsync always");
        var raw = new RawRedis(server);
        var some = RedisSubjectKeys.connect(server.url())) {
      some.forWriting("a", STREAM);
      raw.command("CONFIG", "SET", changed[0], changed[1]);
      long before = some.session().disruptions();
      raw.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      DoctorFixture.await(() -> some.session().disruptions() > before);

      for (String subject : List.of("a", "b")) {
        assertThatThrownBy(() -> some.forWriting(subject, STREAM))
            .isInstanceOf(StoreMisconfiguredException.class)
            .hasMessageContaining("so a crash would lose");
      }
      assertThat(some.forReading("a")).isNotNull();

      raw.command("CONFIG", "SET", changed[0], changed[0].equals("appendonly") ? "yes" : "always");
      assertThat(some.forWriting("a", STREAM)).isEqualTo(some.forReading("a").orElseThrow());
    }
  }

  @Test
  void aServerThatIsGoneIsAClearError() {
    var server = EmbeddedRedis.start("appendonly yes", "appendfsync always");
    try (var some = RedisSubjectKeys.connect(server.url())) {
      server.close();

      assertThatThrownBy(() -> some.forWriting("a", STREAM))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("refused");
    }
    assertThatThrownBy(() -> RedisSubjectKeys.connect("redis://127.0.0.1:1"))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("127.0.0.1");
  }

  @Test
  void keysBesideTheEventsAreWarnedOfWhateverTheServerIsCalled() {
    try (var events = RedisEventStore.connect("redis://localhost:" + redis.port());
        var apart = EmbeddedRedis.start();
        var elsewhere = RedisEventStore.connect(apart.url())) {
      assertThat(keys.warnings(events))
          .singleElement()
          .asString()
          .contains("on the same server as the events")
          .contains("give the keys a server of their own");
      assertThat(keys.warnings(elsewhere)).isEmpty();
    }
  }

  @Test
  void namesAndTimesAreChecked() {
    assertThatThrownBy(() -> RedisSubjectKeys.to(redis.url()).namespace("a:b"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> RedisSubjectKeys.to(redis.url()).cachedFor(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class);
    try (var apart = RedisSubjectKeys.to(redis.url()).namespace("apart").open()) {
      keys.forWriting(subject, STREAM);
      assertThatThrownBy(() -> apart.forReading(subject))
          .isInstanceOf(SubjectKeyLostException.class);
    }
  }

  private static long scriptCalls() {
    String stats =
        keys.session()
            .redisson()
            .getScript(StringCodec.INSTANCE)
            .eval(
                RScript.Mode.READ_WRITE,
                "return redis.call('INFO', 'commandstats')",
                RScript.ReturnType.VALUE);
    return stats
        .lines()
        .filter(line -> line.startsWith("cmdstat_evalsha:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^:]*:calls=(\\d+),.*", "$1")))
        .sum();
  }
}
