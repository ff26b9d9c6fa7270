package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.refold.eventstore.Accounts.Opened;
import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.Confirmation;
import io.refold.eventstore.Durability;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.StoreMisconfiguredException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import org.redisson.api.redisnode.RedisNodes;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/** What is said of a server's disk, by servers that can tell. */
@Tag("container")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@ValueSource(strings = {"redis:8.0", "valkey/valkey:8.1"})
class FsyncTest {
  private static final Durability PATIENT = Durability.fsync(Duration.ofSeconds(10));
  private static final Durability SOON = Durability.fsync(Duration.ofMillis(100));

  @SuppressWarnings("NullAway.Init") // started before the first test
  private static GenericContainer<?> server;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore store;

  @SuppressWarnings({"NullAway.Init", "UnusedVariable"}) // for the reports
  @Parameter
  private String image;

  private final String id = UUID.randomUUID().toString();

  @BeforeAll
  static void engine() {
    assumeTrue(
        DockerClientFactory.instance().isDockerAvailable(),
        "no container engine answers, so WAITAOF is not tested");
  }

  @BeforeParameterizedClassInvocation
  static void start(String image) {
    server =
        new GenericContainer<>(DockerImageName.parse(image))
            .withExposedPorts(6379)
            .withCommand(image.startsWith("valkey") ? "valkey-server" : "redis-server");
    server.start();
    store = RedisEventStore.connect(url());
  }

  @AfterParameterizedClassInvocation
  static void stop() {
    store.close();
    server.stop();
  }

  private static String url() {
    return "redis://%s:%d".formatted(server.getHost(), server.getMappedPort(6379));
  }

  private static void set(String name, String value) {
    store
        .session()
        .redisson()
        .getRedisNodes(RedisNodes.SINGLE)
        .getInstance()
        .setConfig(name, value);
  }

  @BeforeEach
  void writeToDisk() {
    set("appendonly", "yes");
    set("appendfsync", "always");
  }

  private Append opened() {
    return Append.of(ACCOUNTS, id, ExpectedVersion.noStream(), List.of(new Opened("Alice")));
  }

  private static AppendResult.Appended appended(AppendResult result) {
    assertThat(result).isInstanceOf(AppendResult.Appended.class);
    return (AppendResult.Appended) result;
  }

  private void assertWrittenOnce() {
    assertThat(store.read(ACCOUNTS.stream(id), 0, 10)).hasSize(1);
  }

  @Test
  void whatIsOnTheDiskIsSaidToBe() {
    var reached = new Confirmation(PATIENT, true, true, 0);
    var append = opened().withDurability(PATIENT);

    assertThat(appended(store.append(append)).durability()).isEqualTo(reached);
    set("appendfsync", "everysec");
    var second = Append.of(ACCOUNTS, id, ExpectedVersion.exactly(1), List.of(new Opened("Bob")));
    assertThat(appended(store.append(second.withDurability(PATIENT))).durability())
        .isEqualTo(reached);

    var repeat = appended(store.append(append));
    assertThat(repeat.repeat()).isTrue();
    assertThat(repeat.durability()).isEqualTo(reached);
    assertThat(store.confirm(ACCOUNTS.stream(id), PATIENT)).isEqualTo(reached);
    try (var careful = RedisEventStore.to(url()).durability(PATIENT).open()) {
      var third = Append.of(ACCOUNTS, id, ExpectedVersion.any(), List.of(new Opened("Carol")));
      assertThat(appended(careful.append(third)).durability()).isEqualTo(reached);
    }
  }

  @Test
  void whereNobodyHurriesTheDiskTheEventIsWrittenAndNotSaidToBeThere() {
    set("appendfsync", "no");
    var append = opened().withDurability(SOON);

    assertThat(appended(store.append(append)).durability()).isEqualTo(Confirmation.unknown(SOON));
    assertWrittenOnce();
    var repeat = appended(store.append(append));
    assertThat(repeat.repeat()).isTrue();
    assertThat(repeat.durability()).isEqualTo(Confirmation.unknown(SOON));

    set("appendfsync", "always");
    assertThat(appended(store.append(append.withDurability(PATIENT))).durability().onDisk())
        .isTrue();
    assertWrittenOnce();
  }

  @Test
  void withoutAnAppendOnlyFileItIsRefusedBeforeAnythingIsWritten() {
    set("appendonly", "no");
    try (var other = RedisEventStore.connect(url())) {
      assertThatThrownBy(() -> other.append(opened().withDurability(SOON)))
          .isInstanceOf(StoreMisconfiguredException.class)
          .hasMessageContaining("set appendonly yes");
      assertThat(other.read(ACCOUNTS.stream(id), 0, 10)).isEmpty();
    }
    assertThatThrownBy(() -> RedisEventStore.to(url()).durability(SOON).open())
        .isInstanceOf(StoreMisconfiguredException.class)
        .hasMessageContaining("set appendonly yes");
  }

  @Test
  void aFileThatIsTurnedOffLaterIsNoFailureToWrite() {
    assertThat(store.confirm(ACCOUNTS.stream(id), PATIENT).reached()).isTrue();
    set("appendonly", "no");

    var appended = appended(store.append(opened().withDurability(PATIENT)));

    assertThat(appended.durability()).isEqualTo(Confirmation.unknown(PATIENT));
    assertWrittenOnce();
  }

  @Test
  void anAnswerOfTheDiskThatIsLostLeavesTheAppendKnown() throws Exception {
    set("appendfsync", "no");
    var proxy = new FaultyProxy(server.getMappedPort(6379));
    try (var threads = Executors.newSingleThreadExecutor();
        var cutOff = RedisEventStore.connect(proxy.url())) {
      var result = threads.submit(() -> cutOff.append(opened().withDurability(PATIENT)));
      DoctorFixture.await(() -> !store.read(ACCOUNTS.stream(id), 0, 10).isEmpty());
      proxy.close();

      assertThat(appended(result.get(13, TimeUnit.SECONDS)).durability())
          .isEqualTo(Confirmation.unknown(PATIENT));
    } finally {
      proxy.close();
    }
    assertWrittenOnce();
  }
}
