package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.UniqueValues;
import io.refold.eventstore.UniqueValues.Holding;
import io.refold.eventstore.UniqueValues.Reservation;
import io.refold.eventstore.UniqueValues.Result;
import io.refold.eventstore.UniqueValuesCrashContract;
import io.refold.eventstore.ValueRegister;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.redisson.api.RMap;
import org.redisson.client.codec.StringCodec;

class RedisUniqueValuesTest extends UniqueValuesCrashContract {
  private static final RedisScript EXPIRE =
      new RedisScript(
          "expire",
          """
          if redis.call('HEXISTS', KEYS[1], 'until') == 1 then
            redis.call('HSET', KEYS[1], 'until', 1)
          end
          return {}\
          """,
          "0".repeat(40));
  private static final Duration HOLD = Duration.ofMinutes(5);
  private static final StreamId ALICE = ACCOUNTS.stream("alice");
  private static final StreamId BOB = ACCOUNTS.stream("bob");

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore store;

  @BeforeAll
  static void open() {
    redis = EmbeddedRedis.start("appendonly yes", "appendfsync always");
    store = RedisEventStore.connect(redis.url());
  }

  @AfterAll
  static void close() {
    store.close();
    redis.close();
  }

  @Override
  protected EventStore store() {
    return store;
  }

  @Override
  protected UniqueValues names() {
    return RedisUniqueValues.on(store, "name");
  }

  @Override
  protected ValueRegister register() {
    return new RedisUniqueValues(store.session(), "name");
  }

  @Override
  protected void expire(String reserved) {
    var unused = store.session().eval(EXPIRE, List.of("refold:unique:name:" + reserved));
  }

  private static RMap<String, String> held(String scope, String value) {
    return store
        .session()
        .redisson()
        .getMap("refold:unique:%s:%s".formatted(scope, value), StringCodec.INSTANCE);
  }

  private static Reservation reserved(Result result) {
    assertThat(result).isInstanceOf(Result.Reserved.class);
    return ((Result.Reserved) result).reservation();
  }

  @Test
  void aHolderLiesWhereTheLayoutSays() {
    Reservation reservation = reserved(names().reserve("layout", ALICE, "c1", HOLD));
    Map<String, String> before = held("name", "layout").readAllMap();
    assertThat(before)
        .containsEntry("owner", "account:alice")
        .containsEntry("command", "c1")
        .containsEntry("hold", "300000")
        .containsEntry("attempt:" + reservation.attempt(), "")
        .hasSize(5);
    assertThat(Long.parseLong(before.get("until")) - System.currentTimeMillis())
        .isBetween(200_000L, 300_000L);

    names().confirm(reservation);

    assertThat(held("name", "layout").readAllMap())
        .isEqualTo(Map.of("owner", "account:alice", "command", "c1"));
  }

  @Test
  void aReservationExpiresByTheServersClock() {
    names().reserve("clock", ALICE, "c1", Duration.ofMillis(1));
    Result result = names().reserve("clock", BOB, "c2", HOLD);
    while (result instanceof Result.Taken) {
      result = names().reserve("clock", BOB, "c2", HOLD);
    }

    assertThat(names().ownerOf("clock")).contains(BOB);
  }

  @Test
  void anExpiryThatOnlyAnotherServersClockCanHaveSetHasPassed() {
    names().reserve("failover", ALICE, "c1", HOLD);
    held("name", "failover")
        .put("until", String.valueOf(System.currentTimeMillis() + 2 * HOLD.toMillis()));

    reserved(names().reserve("failover", BOB, "c2", HOLD));
  }

  @Test
  void scopesKnowNothingOfEachOther() {
    reserved(names().reserve("same", ALICE, "c1", HOLD));

    reserved(RedisUniqueValues.on(store, "plate").reserve("same", BOB, "c2", HOLD));
    assertThatThrownBy(() -> RedisUniqueValues.on(store, "a:b"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void valuesSurviveARestartOfTheServer() {
    try (var server = EmbeddedRedis.start("appendonly yes", "appendfsync always");
        var restarted = RedisEventStore.connect(server.url())) {
      var values = RedisUniqueValues.on(restarted, "name");
      values.confirm(reserved(values.reserve("confirmed", ALICE, "c1", HOLD)));
      Reservation reservation = reserved(values.reserve("reserved", ALICE, "c2", HOLD));

      server.crashAndRestart();

      assertThat(values.find("confirmed")).contains(new Holding("confirmed", ALICE, "c1", true));
      assertThat(values.reserve("reserved", BOB, "c3", HOLD)).isEqualTo(new Result.Taken(ALICE));
      assertThat(values.confirm(reservation)).isTrue();
    }
  }
}
