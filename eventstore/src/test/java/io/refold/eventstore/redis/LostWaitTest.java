package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Accounts.Opened;
import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.Confirmation;
import io.refold.eventstore.Durability;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Events are written, and then no answer comes to whether a replica has them. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostWaitTest {
  /** There is no replica, so the server takes all of this time. */
  private static final Durability LONG = Durability.replicas(1, Duration.ofSeconds(10));

  private final String id = UUID.randomUUID().toString();
  private final ExecutorService threads = Executors.newSingleThreadExecutor();

  @SuppressWarnings("NullAway.Init") // opened before each test
  private EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private FaultyProxy proxy;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisEventStore cutOff;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisEventStore other;

  @BeforeEach
  void open() throws Exception {
    redis = EmbeddedRedis.start("repl-diskless-sync-delay 0");
    proxy = new FaultyProxy(redis.port());
    cutOff = RedisEventStore.connect(proxy.url());
    other = RedisEventStore.connect(redis.url());
  }

  @AfterEach
  void close() throws Exception {
    threads.shutdownNow();
    cutOff.close();
    other.close();
    proxy.close();
    redis.close();
  }

  @Test
  void aConnectionThatBreaksDuringTheWaitEndsItAndLeavesTheAppendKnown() throws Exception {
    var append = opened();
    var result = threads.submit(() -> cutOff.append(append.withDurability(LONG)));
    awaitWritten();
    proxy.close();

    assertWritten(result.get(13, TimeUnit.SECONDS), LONG);
    try (var replica = EmbeddedRedis.start("replicaof 127.0.0.1 " + redis.port())) {
      assertThat(replica.process().isAlive()).isTrue();
      DoctorFixture.await(() ->
          other.append(append.withDurability(LONG)) instanceof AppendResult.Appended asked
              && asked.repeat()
              && asked.durability().reached());
    }
    assertThat(other.read(ACCOUNTS.stream(id), 0, 10)).hasSize(1);
  }

  @Test
  void anAnswerThatNeverComesIsWaitedForNoLongerThanThePatienceAndLeavesTheAppendKnown()
      throws Exception {
    Durability brief = Durability.replicas(1, Duration.ofSeconds(1));
    var result = threads.submit(() -> cutOff.append(opened().withDurability(brief)));
    awaitWritten();
    var silence = new FaultyProxy.Fault(FaultyProxy.Kind.SILENCE_BEFORE, 0, Duration.ofMinutes(1));
    proxy.plan(() -> silence);

    assertWritten(result.get(30, TimeUnit.SECONDS), brief);
  }

  private Append opened() {
    return Append.of(ACCOUNTS, id, ExpectedVersion.noStream(), List.of(new Opened("Alice")));
  }

  private void awaitWritten() {
    DoctorFixture.await(() -> !other.read(ACCOUNTS.stream(id), 0, 10).isEmpty());
  }

  private static void assertWritten(AppendResult result, Durability asked) {
    assertThat(result)
        .isInstanceOfSatisfying(
            AppendResult.Appended.class,
            appended -> assertThat(appended.durability()).isEqualTo(Confirmation.unknown(asked)));
  }
}
