package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.eventstore.redis.RedisSession;
import io.refold.projections.FillingStepsContract;
import io.refold.projections.ParkedFillingsContract;
import io.refold.projections.ProjectionStore;
import io.refold.projections.RebuildTermsContract;
import io.refold.projections.VerificationContract;
import io.refold.projections.VersionsContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.redisson.api.options.KeysScanOptions;

/** What is filled beside the rows that are read, on Redis. */
class RedisFillingsTest {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisStores stores;

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

  @Nested
  class VersionsTest extends VersionsContract {
    private final ProjectionStore store = stores.fresh();

    @Override
    protected ProjectionStore store() {
      return store;
    }
  }

  @Nested
  class TermsTest extends RebuildTermsContract {
    private final ProjectionStore store = stores.fresh();

    @Override
    protected ProjectionStore store() {
      return store;
    }
  }

  @Nested
  class ParkedTest extends ParkedFillingsContract {
    private final ProjectionStore store = stores.fresh();

    @Override
    protected ProjectionStore store() {
      return store;
    }
  }

  @Nested
  class StepsTest extends FillingStepsContract {
    private final ProjectionStore store = stores.fresh();

    @Override
    protected ProjectionStore store() {
      return store;
    }
  }

  @Nested
  class VerificationTest extends VerificationContract {
    private final ProjectionStore store = stores.fresh();

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
}
