package io.refold.projections.redis;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.refold.projections.ProjectionStore;
import io.refold.projections.ReadModelContract;
import io.refold.projections.store.DeadlinesContract;
import io.refold.projections.store.GenerationsContract;
import io.refold.projections.store.ParkedStreamsContract;
import io.refold.projections.store.SubscriptionsContract;
import io.refold.projections.store.ViewsContract;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/** The contracts on servers of other versions, where there is a container engine. */
@Tag("container")
class ContainerTest {
  private static final Map<String, Server> SERVERS = new LinkedHashMap<>();

  private record Server(GenericContainer<?> container, RedisStores stores) {}

  @BeforeAll
  static void engine() {
    assumeTrue(
        DockerClientFactory.instance().isDockerAvailable(),
        "no container engine answers, so Redis 7.0, Redis 8.0 and Valkey 8.1 are not tested");
  }

  @AfterAll
  static void stop() {
    for (Server server : SERVERS.values()) {
      server.stores().close();
      server.container().stop();
    }
    SERVERS.clear();
  }

  private static RedisStores stores(String image) {
    return SERVERS.computeIfAbsent(image, ContainerTest::start).stores();
  }

  private static Server start(String image) {
    var container = new GenericContainer<>(DockerImageName.parse(image)).withExposedPorts(6379);
    container.start();
    String url = "redis://%s:%d".formatted(container.getHost(), container.getMappedPort(6379));
    return new Server(container, new RedisStores(url));
  }

  @Nested
  class Redis70Views extends ViewsContract {
    @Override
    protected ProjectionStore store() {
      return stores("redis:7.0").shared();
    }
  }

  @Nested
  class Redis70Subscriptions extends SubscriptionsContract {
    @Override
    protected ProjectionStore store() {
      return stores("redis:7.0").shared();
    }
  }

  @Nested
  class Redis70Generations extends GenerationsContract {
    @Override
    protected ProjectionStore store() {
      return stores("redis:7.0").shared();
    }
  }

  @Nested
  class Redis70ReadModel extends ReadModelContract {
    @Override
    protected ProjectionStore store() {
      return stores("redis:7.0").fresh();
    }
  }

  @Nested
  class Redis80Views extends ViewsContract {
    @Override
    protected ProjectionStore store() {
      return stores("redis:8.0").shared();
    }
  }

  @Nested
  class Redis80Subscriptions extends SubscriptionsContract {
    @Override
    protected ProjectionStore store() {
      return stores("redis:8.0").shared();
    }
  }

  @Nested
  class Redis80Generations extends GenerationsContract {
    @Override
    protected ProjectionStore store() {
      return stores("redis:8.0").shared();
    }
  }

  @Nested
  class Redis80ReadModel extends ReadModelContract {
    @Override
    protected ProjectionStore store() {
      return stores("redis:8.0").fresh();
    }
  }

  @Nested
  class Valkey81Views extends ViewsContract {
    @Override
    protected ProjectionStore store() {
      return stores("valkey/valkey:8.1").shared();
    }
  }

  @Nested
  class Valkey81Subscriptions extends SubscriptionsContract {
    @Override
    protected ProjectionStore store() {
      return stores("valkey/valkey:8.1").shared();
    }
  }

  @Nested
  class Valkey81Generations extends GenerationsContract {
    @Override
    protected ProjectionStore store() {
      return stores("valkey/valkey:8.1").shared();
    }
  }

  @Nested
  class Valkey81ReadModel extends ReadModelContract {
    @Override
    protected ProjectionStore store() {
      return stores("valkey/valkey:8.1").fresh();
    }
  }

  @Nested
  class Redis70ParkedStreams extends ParkedStreamsContract {
    @Override
    protected ProjectionStore store() {
      return stores("redis:7.0").shared();
    }
  }

  @Nested
  class Redis70Deadlines extends DeadlinesContract {
    @Override
    protected ProjectionStore store() {
      return stores("redis:7.0").shared();
    }
  }

  @Nested
  class Redis80ParkedStreams extends ParkedStreamsContract {
    @Override
    protected ProjectionStore store() {
      return stores("redis:8.0").shared();
    }
  }

  @Nested
  class Redis80Deadlines extends DeadlinesContract {
    @Override
    protected ProjectionStore store() {
      return stores("redis:8.0").shared();
    }
  }

  @Nested
  class Valkey81ParkedStreams extends ParkedStreamsContract {
    @Override
    protected ProjectionStore store() {
      return stores("valkey/valkey:8.1").shared();
    }
  }

  @Nested
  class Valkey81Deadlines extends DeadlinesContract {
    @Override
    protected ProjectionStore store() {
      return stores("valkey/valkey:8.1").shared();
    }
  }
}
