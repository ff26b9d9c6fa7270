package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.EventStoreException;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A server that hangs, dies and comes back. */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServerFaultsTest {
  private static Append deposit(String id, ExpectedVersion expected, int number) {
    return Append.of(ACCOUNTS, id, expected, List.of(new Deposited(number)))
        .withCommandId("command-" + number);
  }

  @Test
  void anAppendWhoseReplyIsLostIsUnknownAndItsRepeatIsRecognised() throws Exception {
    try (var redis = EmbeddedRedis.start();
        var store = RedisEventStore.connect(redis.url())) {
      store.append(deposit("a", ExpectedVersion.noStream(), 1));
      signal(redis, "STOP");
      AppendResult lost;
      try {
        lost = store.append(deposit("a", ExpectedVersion.exactly(1), 2));
      } finally {
        signal(redis, "CONT");
      }

      assertThat(lost).isInstanceOf(AppendResult.Unknown.class);
      AppendResult repeat = store.append(deposit("a", ExpectedVersion.exactly(1), 2));
      assertThat(repeat).isInstanceOf(AppendResult.Appended.class);
      assertThat(store.read(ACCOUNTS.stream("a"), 0, 10))
          .extracting(StoredEvent::commandId)
          .containsExactly("command-1", "command-2");
    }
  }

  @Test
  void whatWasAcknowledgedSurvivesCrashesOfTheServerAndEveryCommandIsWrittenOnce()
      throws Exception {
    try (var redis = EmbeddedRedis.start("appendonly yes", "appendfsync always");
        var store = RedisEventStore.connect(redis.url())) {
      Set<String> acknowledged = ConcurrentHashMap.newKeySet();
      var stop = new AtomicBoolean();
      var numbers = new AtomicInteger();
      var acknowledgements = new Semaphore(0);
      try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int w = 0; w < 8; w++) {
          String id = "stream-" + w;
          var unused =
              executor.submit(() -> {
                while (!stop.get()) {
                  var append = deposit(id, ExpectedVersion.any(), numbers.incrementAndGet());
                  untilAcknowledged(store, append, stop);
                  acknowledged.add(append.commandId());
                  acknowledgements.release();
                }
              });
        }
        try {
          for (int crash = 0; crash < 3; crash++) {
            assertThat(acknowledgements.tryAcquire(100, 20, TimeUnit.SECONDS)).isTrue();
            redis.crashAndRestart();
          }
          assertThat(acknowledgements.tryAcquire(100, 20, TimeUnit.SECONDS)).isTrue();
        } finally {
          stop.set(true);
        }
      }
      var stored = new ArrayList<String>();
      for (int w = 0; w < 8; w++) {
        List<StoredEvent> events = store.read(ACCOUNTS.stream("stream-" + w), 0, 10_000);
        for (int i = 0; i < events.size(); i++) {
          assertThat(events.get(i).version()).isEqualTo(i + 1L);
          stored.add(events.get(i).commandId());
        }
      }
      assertThat(stored).doesNotHaveDuplicates();
      assertThat(new HashSet<>(stored)).containsAll(acknowledged);
    }
  }

  private static void untilAcknowledged(RedisEventStore store, Append append, AtomicBoolean stop) {
    while (true) {
      try {
        if (store.append(append) instanceof AppendResult.Appended) {
          return;
        }
      } catch (EventStoreException unavailable) {
        if (stop.get()) {
          throw unavailable;
        }
      }
    }
  }

  @Test
  void aServerThatComesBackSoonIsWaitedFor() {
    try (var redis = EmbeddedRedis.start("appendonly yes", "appendfsync always");
        var store = RedisEventStore.connect(redis.url())) {
      store.append(deposit("a", ExpectedVersion.noStream(), 1));
      redis.crashAndRestart();

      assertThat(store.read(ACCOUNTS.stream("a"), 0, 10)).hasSize(1);
    }
  }

  @Test
  void aReadOfAServerThatHangsFailsAsUnavailable() throws Exception {
    try (var redis = EmbeddedRedis.start();
        var store = RedisEventStore.connect(redis.url())) {
      signal(redis, "STOP");
      try {
        assertThatThrownBy(() -> store.head(0)).isInstanceOf(StoreUnavailableException.class);
      } finally {
        signal(redis, "CONT");
      }
    }
  }

  @Test
  void aServerThatIsGoneIsAClearErrorAndNotAHang() {
    var redis = EmbeddedRedis.start();
    try (var store = RedisEventStore.connect(redis.url())) {
      redis.close();
      // the first call may still go out over a connection that is about to break
      assertThatThrownBy(() -> store.head(0)).isInstanceOf(StoreUnavailableException.class);

      assertThatThrownBy(() -> store.read(ACCOUNTS.stream("a"), 0, 10))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("refused")
          .hasMessageContaining(String.valueOf(redis.port()));
    }
  }

  private static void signal(EmbeddedRedis redis, String signal)
      throws IOException, InterruptedException {
    var kill =
        new ProcessBuilder("kill", "-" + signal, String.valueOf(redis.process().pid())).start();
    assertThat(kill.waitFor()).isZero();
  }
}
