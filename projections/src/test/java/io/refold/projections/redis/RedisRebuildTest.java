package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.eventstore.redis.RedisSession;
import io.refold.projections.ProjectionStore;
import io.refold.projections.RebuildContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.redisson.api.options.KeysScanOptions;

class RedisRebuildTest extends RebuildContract {
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

  @Override
  protected void assertNoKeysOf(String generation) {
    RedisSession session = ((RedisEventStore) store.events()).session();
    String pattern = "*" + session.namespace() + "*:" + generation + "*";
    assertThat(session.redisson().getKeys().getKeys(KeysScanOptions.defaults().pattern(pattern)))
        .isEmpty();
  }
}
