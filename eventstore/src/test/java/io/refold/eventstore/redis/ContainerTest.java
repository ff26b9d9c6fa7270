package io.refold.eventstore.redis;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.refold.eventstore.CommandHandlerContract;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.EventStoreContract;
import io.refold.eventstore.HistoryContract;
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

  private record Server(GenericContainer<?> container, RedisEventStore store) {}

  @BeforeAll
  static void engine() {
    assumeTrue(
        DockerClientFactory.instance().isDockerAvailable(),
        "no container engine answers, so Redis 7.0, Redis 8.0 and Valkey 8.1 are not tested");
  }

  @AfterAll
  static void stop() {
    for (Server server : SERVERS.values()) {
      server.store().close();
      server.container().stop();
    }
    SERVERS.clear();
  }

  private static RedisEventStore store(String image) {
    return SERVERS.computeIfAbsent(image, ContainerTest::start).store();
  }

  private static Server start(String image) {
    var container = new GenericContainer<>(DockerImageName.parse(image)).withExposedPorts(6379);
    container.start();
    String url = "redis://%s:%d".formatted(container.getHost(), container.getMappedPort(6379));
    return new Server(container, RedisEventStore.connect(url));
  }

  @Nested
  class Redis70 extends EventStoreContract {
    @Override
    protected EventStore store() {
      return ContainerTest.store("redis:7.0");
    }
  }

  @Nested
  class Redis80 extends EventStoreContract {
    @Override
    protected EventStore store() {
      return ContainerTest.store("redis:8.0");
    }
  }

  @Nested
  class Redis80Commands extends CommandHandlerContract {
    @Override
    protected EventStore store() {
      return ContainerTest.store("redis:8.0");
    }
  }

  @Nested
  class Valkey81 extends EventStoreContract {
    @Override
    protected EventStore store() {
      return ContainerTest.store("valkey/valkey:8.1");
    }
  }

  @Nested
  class Valkey81Commands extends CommandHandlerContract {
    @Override
    protected EventStore store() {
      return ContainerTest.store("valkey/valkey:8.1");
    }
  }

  @Nested
  class Redis70Marks extends HistoryContract {
    @Override
    protected EventStore store() {
      return ContainerTest.store("redis:7.0");
    }
  }

  @Nested
  class Redis70TamperedCounter extends TamperedCounterContract {
    @Override
    protected RedisEventStore store() {
      return ContainerTest.store("redis:7.0");
    }
  }

  @Nested
  class Redis80Marks extends HistoryContract {
    @Override
    protected EventStore store() {
      return ContainerTest.store("redis:8.0");
    }
  }

  @Nested
  class Redis80TamperedCounter extends TamperedCounterContract {
    @Override
    protected RedisEventStore store() {
      return ContainerTest.store("redis:8.0");
    }
  }

  @Nested
  class Valkey81Marks extends HistoryContract {
    @Override
    protected EventStore store() {
      return ContainerTest.store("valkey/valkey:8.1");
    }
  }

  @Nested
  class Valkey81TamperedCounter extends TamperedCounterContract {
    @Override
    protected RedisEventStore store() {
      return ContainerTest.store("valkey/valkey:8.1");
    }
  }
}
