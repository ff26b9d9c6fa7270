package io.refold.eventstore.redis;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.RandomHistoriesContract;
import io.refold.eventstore.embedded.EmbeddedRedis;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class RedisRandomHistoriesTest extends RandomHistoriesContract {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore store;

  @BeforeAll
  static void open() {
    redis = EmbeddedRedis.start();
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
}
