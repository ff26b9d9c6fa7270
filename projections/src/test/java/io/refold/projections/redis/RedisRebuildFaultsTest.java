package io.refold.projections.redis;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.projections.ProjectionStore;
import io.refold.projections.RebuildFaultsContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

class RedisRebuildFaultsTest extends RebuildFaultsContract {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisStores stores;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisProjectionStore store;

  @BeforeAll
  static void start() {
    redis = EmbeddedRedis.start();
    stores = new RedisStores(redis.url());
  }

  @AfterAll
  static void stop() {
    stores.close();
    redis.close();
  }

  @BeforeEach
  void open() {
    store = stores.fresh();
  }

  @Override
  protected ProjectionStore store() {
    return store;
  }
}
