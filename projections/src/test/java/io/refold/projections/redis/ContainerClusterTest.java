package io.refold.projections.redis;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.refold.projections.ProjectionStore;
import io.refold.projections.ReadModelContract;
import io.refold.projections.WorkersContract;
import io.refold.projections.store.DeadlinesContract;
import io.refold.projections.store.GenerationsContract;
import io.refold.projections.store.ParkedStreamsContract;
import io.refold.projections.store.SubscriptionsContract;
import io.refold.projections.store.ViewsContract;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.testcontainers.DockerClientFactory;

/**
 * The contracts of the parts and of workers on clusters of other versions, where there is a
 * container engine.
 */
@Tag("container")
@ParameterizedClass
@ValueSource(strings = {"redis:8.0", "valkey/valkey:8.1"})
class ContainerClusterTest {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static ContainerCluster cluster;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisStores stores;

  @SuppressWarnings({"NullAway.Init", "UnusedVariable"}) // for the reports
  @Parameter
  private String image;

  @BeforeAll
  static void engine() {
    assumeTrue(
        DockerClientFactory.instance().isDockerAvailable(),
        "no container engine answers, so clusters of Redis 8.0 and Valkey 8.1 are not tested");
  }

  @BeforeParameterizedClassInvocation
  static void open(String image) {
    cluster = new ContainerCluster(image);
    stores = new RedisStores(cluster.config());
  }

  @AfterParameterizedClassInvocation
  static void close() {
    stores.close();
    cluster.close();
  }

  @Nested
  class Views extends ViewsContract {
    @Override
    protected ProjectionStore store() {
      return stores.shared();
    }
  }

  @Nested
  class Subscriptions extends SubscriptionsContract {
    @Override
    protected ProjectionStore store() {
      return stores.shared();
    }
  }

  @Nested
  class ParkedStreams extends ParkedStreamsContract {
    @Override
    protected ProjectionStore store() {
      return stores.shared();
    }
  }

  @Nested
  class Generations extends GenerationsContract {
    @Override
    protected ProjectionStore store() {
      return stores.shared();
    }
  }

  @Nested
  class Deadlines extends DeadlinesContract {
    @Override
    protected ProjectionStore store() {
      return stores.shared();
    }
  }

  @Nested
  class ReadModel extends ReadModelContract {
    @Override
    protected ProjectionStore store() {
      return stores.fresh();
    }
  }

  @Nested
  class Workers extends WorkersContract {
    private final ProjectionStore store = stores.fresh();

    @Override
    protected ProjectionStore store() {
      return store;
    }
  }
}
