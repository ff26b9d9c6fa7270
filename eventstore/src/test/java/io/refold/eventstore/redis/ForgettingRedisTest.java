package io.refold.eventstore.redis;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.ForgettingContract;
import io.refold.eventstore.SubjectKeys;
import io.refold.eventstore.embedded.EmbeddedRedis;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

@SuppressWarnings("NullAway.Init") // opened before the first test
class ForgettingRedisTest extends ForgettingContract {
  private static EmbeddedRedis eventServer;
  private static EmbeddedRedis keyServer;
  private static RedisEventStore store;
  private static RedisSubjectKeys keys;
  private static RedisSubjectKeys elsewhere;

  @BeforeAll
  static void open() {
    eventServer = EmbeddedRedis.start();
    keyServer = EmbeddedRedis.start("appendonly yes", "appendfsync always");
    store = RedisEventStore.connect(eventServer.url());
    keys = RedisSubjectKeys.connect(keyServer.url());
    elsewhere = RedisSubjectKeys.connect(keyServer.url());
  }

  @AfterAll
  static void close() {
    elsewhere.close();
    keys.close();
    store.close();
    keyServer.close();
    eventServer.close();
  }

  @Override
  protected EventStore store() {
    return store;
  }

  @Override
  protected SubjectKeys keys() {
    return keys;
  }

  @Override
  protected SubjectKeys keysElsewhere() {
    return elsewhere;
  }
}
