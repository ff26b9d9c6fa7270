package io.refold.eventstore.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.benmanes.caffeine.cache.Ticker;
import io.refold.eventstore.SubjectKeyLostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KeyCacheTest {
  private final KeyCache<String, String> cache =
      new KeyCache<>(10, Duration.ofMinutes(1), Ticker.systemTicker());
  private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();

  @AfterEach
  void close() {
    executor.close();
  }

  @Test
  void whatWasDroppedDoesNotComeBackFromACallThatBeganBefore() throws Exception {
    var begun = new CountDownLatch(2);
    var read = new CountDownLatch(1);
    var reading = executor.submit(() -> cache.get("a", () -> slow("key", begun, read)));
    var writing = executor.submit(() -> cache.replace("b", () -> slow("key", begun, read)));
    begun.await();

    cache.drop("a");
    cache.drop("b");
    read.countDown();

    assertThat(List.of(reading.get(), writing.get())).containsOnly("key");
    assertThat(cache.get("a", () -> "tombstone")).isEqualTo("tombstone");
    assertThat(cache.get("b", () -> "tombstone")).isEqualTo("tombstone");
  }

  @Test
  void threadsThatWantTheSameWaitForOneCallAndFailuresAreNotKept() throws Exception {
    var begun = new CountDownLatch(1);
    var read = new CountDownLatch(1);
    var first = executor.submit(() -> cache.get("a", () -> slow("one", begun, read)));
    begun.await();
    var second = executor.submit(() -> cache.get("a", () -> "two"));
    read.countDown();

    assertThat(List.of(first.get(), second.get())).containsExactly("one", "one");
    assertThatThrownBy(() ->
            cache.get(
                "b",
                () -> {
                  throw new SubjectKeyLostException("b");
                }))
        .isInstanceOf(SubjectKeyLostException.class);
    assertThat(cache.get("b", () -> "found")).isEqualTo("found");
  }

  @Test
  void whoWaitsForAThreadThatFailsReadsForItself() throws Exception {
    var begun = new CountDownLatch(1);
    var goOn = new CountDownLatch(1);
    var first =
        executor.submit(() ->
            cache.get(
                "a",
                () -> {
                  slow("one", begun, goOn);
                  throw new IllegalStateException("interrupted");
                }));
    begun.await();
    var waiting = new AtomicReference<Thread>();
    var second =
        executor.submit(() -> {
          waiting.set(Thread.currentThread());
          return cache.get("a", () -> "two");
        });
    while (waiting.get() == null || waiting.get().getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    goOn.countDown();

    assertThatThrownBy(first::get).hasMessageContaining("interrupted");
    assertThat(second.get()).isEqualTo("two");
  }

  private static String slow(String value, CountDownLatch begun, CountDownLatch goOn) {
    begun.countDown();
    try {
      goOn.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return value;
  }
}
