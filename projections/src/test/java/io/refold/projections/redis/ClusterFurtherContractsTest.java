package io.refold.projections.redis;

import io.refold.projections.DeletedStreamsContract;
import io.refold.projections.FoldedSourceContract;
import io.refold.projections.ForgottenDataContract;
import io.refold.projections.ParkedFillingsContract;
import io.refold.projections.ProjectionStore;
import io.refold.projections.RebuildTermsContract;
import io.refold.projections.VerificationContract;
import io.refold.projections.VersionsContract;
import io.refold.projections.reactions.ProcessContract;
import io.refold.projections.reactions.ReactionContract;
import io.refold.projections.reactions.UnorderedReactionContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/**
 * The contracts on a Redis 7.0 cluster that take long: with the container matrix, though they need
 * no container.
 */
@Tag("container")
class ClusterFurtherContractsTest {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisStores stores;

  @BeforeAll
  static void open() {
    stores = SharedCluster.stores();
  }

  @AfterAll
  static void close() {
    stores.close();
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
      stores.assertNoKeysOf(store, generation);
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
  class UnorderedReactionTest extends UnorderedReactionContract {
    @Override
    protected ProjectionStore store() {
      return stores.fresh();
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
  class ForgottenDataTest extends ForgottenDataContract {
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
  class ReactionTest extends ReactionContract {
    @Override
    protected ProjectionStore store() {
      return stores.fresh();
    }
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
  class ParkedFillingsTest extends ParkedFillingsContract {
    private final ProjectionStore store = stores.fresh();

    @Override
    protected ProjectionStore store() {
      return store;
    }
  }

  @Nested
  class FoldedSourceTest extends FoldedSourceContract {
    @Override
    protected ProjectionStore store() {
      return stores.fresh();
    }
  }
}
