package io.refold.projections.sql;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.ProjectionStore;
import io.refold.projections.redis.RedisProjectionStore;
import io.refold.projections.sql.SqlProjection.Naming;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource
class RedisSqlWorkersTest extends SqlWorkersContract {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  private @Nullable RedisEventStore events;

  RedisSqlWorkersTest(Naming naming) {
    super(naming);
  }

  @BeforeAll
  static void start() {
    redis = EmbeddedRedis.start();
  }

  @AfterAll
  static void stop() {
    redis.close();
  }

  @Override
  ProjectionStore store() {
    RedisEventStore opened =
        RedisEventStore.to(redis.url()).namespace("t" + UUID.randomUUID()).open();
    events = opened;
    return RedisProjectionStore.on(opened);
  }

  @AfterEach
  void close() {
    RedisEventStore opened = events;
    if (opened != null) {
      opened.close();
    }
  }
}
