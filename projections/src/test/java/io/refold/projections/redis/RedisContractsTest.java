package io.refold.projections.redis;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.projections.DeletedStreamsContract;
import io.refold.projections.FoldedSourceContract;
import io.refold.projections.ForgottenDataContract;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ReadModelContract;
import io.refold.projections.reactions.ProcessContract;
import io.refold.projections.reactions.ReactionContract;
import io.refold.projections.reactions.UnorderedReactionContract;
import io.refold.projections.store.DeadlinesContract;
import io.refold.projections.store.GenerationsContract;
import io.refold.projections.store.ParkedStreamsContract;
import io.refold.projections.store.SubscriptionsContract;
import io.refold.projections.store.ViewsContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** The contracts on the embedded Redis 7.0. */
class RedisContractsTest {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisStores stores;

  @BeforeAll
  static void open() {
    redis = EmbeddedRedis.start();
    stores = new RedisStores(redis.url());
  }

  @AfterAll
  static void close() {
    stores.close();
    redis.close();
  }

  @Nested
  class ViewsTest extends ViewsContract {
    @Override
    protected ProjectionStore store() {
      return stores.shared();
    }
  }

  @Nested
  class SubscriptionsTest extends SubscriptionsContract {
    @Override
    protected ProjectionStore store() {
      return stores.shared();
    }
  }

  @Nested
  class ParkedStreamsTest extends ParkedStreamsContract {
    @Override
    protected ProjectionStore store() {
      return stores.shared();
    }
  }

  @Nested
  class GenerationsTest extends GenerationsContract {
    @Override
    protected ProjectionStore store() {
      return stores.shared();
    }
  }

  @Nested
  class ReadModelTest extends ReadModelContract {
    @Override
    protected ProjectionStore store() {
      return stores.fresh();
    }
  }

  @Nested
  class DeletedStreamsTest extends DeletedStreamsContract {
    @Override
    protected ProjectionStore store() {
      return stores.fresh();
    }
  }

  @Nested
  class ForgottenDataTest extends ForgottenDataContract {
    @Override
    protected ProjectionStore store() {
      return stores.fresh();
    }
  }

  @Nested
  class DeadlinesTest extends DeadlinesContract {
    @Override
    protected ProjectionStore store() {
      return stores.shared();
    }
  }

  @Nested
  class ReactionTest extends ReactionContract {
    @Override
    protected ProjectionStore store() {
      return stores.fresh();
    }
  }

  @Nested
  class ProcessTest extends ProcessContract {
    @Override
    protected ProjectionStore store() {
      return stores.fresh();
    }
  }

  @Nested
  class FoldedSourceTest extends FoldedSourceContract {
    @Override
    protected ProjectionStore store() {
      return stores.fresh();
    }
  }

  @Nested
  class UnorderedReactionTest extends UnorderedReactionContract {
    @Override
    protected ProjectionStore store() {
      return stores.fresh();
    }
  }
}
