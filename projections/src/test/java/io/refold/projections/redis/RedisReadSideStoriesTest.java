package io.refold.projections.redis;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ReadSideStoriesContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.redisson.api.options.KeysScanOptions;

class RedisReadSideStoriesTest extends ReadSideStoriesContract {
  private static final String NAMESPACE = "stories";

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore events;

  @BeforeAll
  static void start() {
    redis = EmbeddedRedis.start();
    events = RedisEventStore.to(redis.url()).namespace(NAMESPACE).partitions(2).open();
  }

  @AfterAll
  static void stop() {
    events.close();
    redis.close();
  }

  /** The store that is open, without anything in it but what tells how it is laid out. */
  @Override
  protected ProjectionStore empty() {
    var keys = events.session().redisson().getKeys();
    keys.delete(
        keys.getKeysStream(KeysScanOptions.defaults())
            .filter(key -> !key.equals(NAMESPACE + ":meta"))
            .toArray(String[]::new));
    return RedisProjectionStore.on(events, 2);
  }

  @Override
  protected double share() {
    return 0.5;
  }
}
