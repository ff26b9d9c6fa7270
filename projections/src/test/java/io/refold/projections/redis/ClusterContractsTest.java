package io.refold.projections.redis;

import io.refold.projections.FillingStepsContract;
import io.refold.projections.ParkingContract;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ReadModelContract;
import io.refold.projections.RebuildContract;
import io.refold.projections.RebuildFaultsContract;
import io.refold.projections.WorkersContract;
import io.refold.projections.store.DeadlinesContract;
import io.refold.projections.store.GenerationsContract;
import io.refold.projections.store.ParkedStreamsContract;
import io.refold.projections.store.SubscriptionsContract;
import io.refold.projections.store.ViewsContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** The contracts on a Redis 7.0 cluster: those of each part, of workers and of rebuilds. */
class ClusterContractsTest {
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
  class DeadlinesTest extends DeadlinesContract {
    @Override
    protected ProjectionStore store() {
      return stores.shared();
    }
  }

  @Nested
  class WorkersTest extends WorkersContract {
    private final ProjectionStore store = stores.fresh();

    @Override
    protected ProjectionStore store() {
      return store;
    }
  }

  @Nested
  class ParkingTest extends ParkingContract {
    @Override
    protected ProjectionStore store() {
      return stores.fresh();
    }
  }

  @Nested
  class RebuildTest extends RebuildContract {
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
  class RebuildFaultsTest extends RebuildFaultsContract {
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
}
