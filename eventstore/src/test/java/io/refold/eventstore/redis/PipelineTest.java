package io.refold.eventstore.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.EventStoreException;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls that share pipelines: each has an outcome of its own, whatever happens to the others. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PipelineTest {
  private static final RedisScript COUNT =
      new RedisScript("count", "return {redis.call('INCR', KEYS[1])}", "0".repeat(40));
  private static final RedisScript FAIL =
      new RedisScript("fail", "return redis.error_reply('ERR on purpose')", "1".repeat(40));

  private final EmbeddedRedis redis = EmbeddedRedis.start();

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisEventStore store;

  @BeforeEach
  void open() {
    store = RedisEventStore.connect(redis.url());
  }

  @AfterEach
  void close() {
    store.close();
    redis.close();
  }

  private CompletableFuture<?> call(RedisScript script, Object... args) {
    return store.session().evalAsync(script, List.of("counter"), args).toCompletableFuture();
  }

  @Test
  void aCallThatFailsLeavesItsNeighboursAlone() {
    var calls = new ArrayList<CompletableFuture<?>>();
    for (int i = 0; i < 300; i++) {
      calls.add(call(i % 3 == 0 ? FAIL : COUNT));
    }

    for (int i = 0; i < 300; i++) {
      CompletableFuture<?> call = calls.get(i);
      if (i % 3 == 0) {
        assertThatThrownBy(call::join)
            .hasCauseInstanceOf(StoreUnavailableException.class)
            .hasMessageContaining("on purpose");
      } else {
        assertThat(call).succeedsWithin(10, TimeUnit.SECONDS);
      }
    }
    assertThat(store.session().eval(COUNT, List.of("counter"))).isEqualTo(List.of(201L));
  }

  @Test
  void anErrorWhileACallIsEncodedFailsThatCallOnly() {
    var broken =
        new Object() {
          @Override
          public String toString() {
            throw new OutOfMemoryError("on purpose");
          }
        };

    assertThatThrownBy(() -> call(COUNT, broken).join()).isInstanceOf(CompletionException.class);
    assertThat(call(COUNT)).succeedsWithin(10, TimeUnit.SECONDS);
  }

  @Test
  void aCallThatMayHaveBeenExecutedIsNeverRepeated() throws Exception {
    store.session().eval(COUNT, List.of("counter"));
    signal("STOP");
    var calls = new ArrayList<CompletableFuture<?>>();
    try {
      for (int i = 0; i < 4; i++) { // as many as may be under way, each by itself
        calls.add(call(COUNT));
      }
      for (CompletableFuture<?> call : calls) {
        assertThatThrownBy(call::join).hasCauseInstanceOf(ReplyLostException.class);
      }
    } finally {
      signal("CONT");
    }

    assertThat((List<?>) store.session().eval(COUNT, List.of("counter")))
        .first()
        .asInstanceOf(InstanceOfAssertFactories.LONG)
        .isLessThanOrEqualTo(6);
  }

  @Test
  void whenTheStoreIsClosedEveryCallGetsAnAnswer() throws Exception {
    signal("STOP");
    var calls = new ArrayList<CompletableFuture<?>>();
    try {
      for (int i = 0; i < 50; i++) {
        calls.add(call(COUNT));
      }
      store.close();
      calls.add(call(COUNT));
      for (CompletableFuture<?> call : calls) {
        assertThatThrownBy(() -> call.get(20, TimeUnit.SECONDS))
            .hasCauseInstanceOf(EventStoreException.class);
      }
    } finally {
      signal("CONT");
    }
  }

  @Test
  void openingAndClosingLeavesNoThreadBehind() {
    store.close();
    for (int i = 0; i < 3; i++) {
      RedisEventStore.connect(redis.url()).close();
    }
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (senders() > 0 && System.nanoTime() < deadline) {
      Thread.onSpinWait();
    }
    assertThat(senders()).isZero();
  }

  private static long senders() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("refold-"))
        .count();
  }

  private void signal(String signal) throws Exception {
    var kill =
        new ProcessBuilder("kill", "-" + signal, String.valueOf(redis.process().pid())).start();
    assertThat(kill.waitFor()).isZero();
  }
}
