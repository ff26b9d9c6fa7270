package io.refold.eventstore.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.refold.eventstore.StoreMisconfiguredException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.SubjectKeys;
import io.refold.eventstore.SubjectKeysContract;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.crypto.SecretKey;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * Keys on servers that confirm writes before they are on disk, where there is a container engine.
 */
@Tag("container")
class SubjectKeysContainerTest {
  private static final StreamId STREAM = new StreamId("person", "a");
  private static final Map<String, Server> SERVERS = new LinkedHashMap<>();

  private record Server(GenericContainer<?> container, RedisSubjectKeys keys) {}

  @BeforeAll
  static void engine() {
    assumeTrue(
        DockerClientFactory.instance().isDockerAvailable(),
        "no container engine answers, so keys on Redis 8.0 and Valkey 8.1 are not tested");
  }

  @AfterAll
  static void stop() {
    for (Server server : SERVERS.values()) {
      server.keys().close();
      server.container().stop();
    }
    SERVERS.clear();
  }

  private static Server start(String image, String program) {
    var container =
        new GenericContainer<>(DockerImageName.parse(image))
            .withExposedPorts(6379)
            .withCommand(program, "--appendonly", "yes", "--appendfsync", "everysec");
    container.start();
    return new Server(container, RedisSubjectKeys.connect(url(container)));
  }

  private static String url(GenericContainer<?> container) {
    return "redis://%s:%d".formatted(container.getHost(), container.getMappedPort(6379));
  }

  @Nested
  class Redis80 extends OnServer {
    Redis80() {
      super("redis:8.0", "redis-server");
    }
  }

  @Nested
  class Valkey81 extends OnServer {
    Valkey81() {
      super("valkey/valkey:8.1", "valkey-server");
    }
  }

  abstract static class OnServer extends SubjectKeysContract {
    private final String subject = UUID.randomUUID().toString();
    private final GenericContainer<?> container;
    private final RedisSubjectKeys keys;

    OnServer(String image, String program) {
      Server server = SERVERS.computeIfAbsent(image, name -> start(name, program));
      container = server.container();
      keys = server.keys();
    }

    @Override
    protected SubjectKeys keys() {
      return keys;
    }

    @Test
    void writesWaitForTheDiskAndReadsDoNot() throws Exception {
      String gone = "gone " + subject;
      SecretKey key = keys.forWriting(subject, STREAM);
      keys.forgotten(subject);
      command("CONFIG", "SET", "appendfsync", "no");
      try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Callable<Object>> writes =
            List.of(
                () -> keys.forWriting("new " + subject, STREAM),
                () -> keys.forWriting(subject, new StreamId("person", "b")),
                () -> keys.forget(gone),
                () -> {
                  keys.discardSeal(STREAM);
                  return "discarded";
                });
        for (Future<Object> write : executor.invokeAll(writes)) {
          assertThatThrownBy(write::get)
              .hasCauseInstanceOf(StoreUnavailableException.class)
              .hasMessageContaining("was not on the server's disk within PT5S: ask again");
        }
        assertThat(keys.forReading(subject)).contains(key);
        assertThat(keys.forSealing(STREAM)).isNotNull();
      } finally {
        command("CONFIG", "SET", "appendfsync", "everysec");
      }
      assertThat(keys.forWriting("new " + subject, STREAM)).isNotNull();
      assertThat(keys.forget(gone).streams()).isEmpty();
    }

    @Test
    void aServerThatWouldLoseKeysIsRefusedWhereverItWasSet() {
      command("CONFIG", "SET", "appendfsync", "no");
      try {
        assertThatThrownBy(() -> RedisSubjectKeys.connect(url(container)))
            .isInstanceOf(StoreMisconfiguredException.class)
            .hasMessageContaining(" is no, so");
      } finally {
        command("CONFIG", "SET", "appendfsync", "everysec");
      }
      command("CONFIG", "SET", "appendonly", "no");
      try {
        assertThatThrownBy(() -> keys.forWriting(subject, STREAM))
            .isInstanceOf(StoreUnavailableException.class)
            .hasMessageContaining("was not on the server's disk");
        assertThatThrownBy(() -> RedisSubjectKeys.connect(url(container)))
            .isInstanceOf(StoreMisconfiguredException.class)
            .hasMessageContaining("set appendonly yes");
      } finally {
        command("CONFIG", "SET", "appendonly", "yes");
      }
    }

    private void command(String... words) {
      List<String> line = new ArrayList<>(List.of("redis-cli"));
      line.addAll(List.of(words));
      try {
        assertThat(container.execInContainer(line.toArray(String[]::new)).getStdout())
            .contains("OK");
      } catch (IOException | InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
