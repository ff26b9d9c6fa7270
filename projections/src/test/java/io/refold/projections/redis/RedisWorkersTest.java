package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.ProjectionStore;
import io.refold.projections.WorkersContract;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.redisson.api.options.KeysScanOptions;

class RedisWorkersTest extends WorkersContract {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisEventStore events;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisProjectionStore store;

  @BeforeAll
  static void start() {
    redis = EmbeddedRedis.start();
  }

  @AfterAll
  static void stop() {
    redis.close();
  }

  @BeforeEach
  void open() {
    events = RedisEventStore.to(redis.url()).namespace("t" + UUID.randomUUID()).open();
    store = RedisProjectionStore.on(events);
  }

  @AfterEach
  void close() {
    events.close();
  }

  @Override
  protected ProjectionStore store() {
    return store;
  }

  @Override
  protected void assertNoKeysOf(String generation) {
    String pattern = "*" + events.session().namespace() + "*:" + generation + "*";
    assertThat(
            events
                .session()
                .redisson()
                .getKeys()
                .getKeys(KeysScanOptions.defaults().pattern(pattern)))
        .isEmpty();
  }
}
