package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.projections.store.LogWatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** What a watch tells about one partition. */
final class Wakes implements AutoCloseable {
  private static final long LONGEST_SECONDS = 30;

  private final Semaphore told = new Semaphore(0);
  private final LogWatch watch;

  Wakes(RedisProjectionStore store, int partition) {
    watch =
        store.watch(number -> {
          if (number == partition) {
            told.release();
          }
        });
  }

  /** Does something, and waits until the watch tells of the partition. */
  void await(String what, Runnable action) throws InterruptedException {
    told.drainPermits();
    action.run();
    assertThat(told.tryAcquire(LONGEST_SECONDS, TimeUnit.SECONDS)).as(what).isTrue();
  }

  @Override
  public void close() {
    watch.close();
  }
}
