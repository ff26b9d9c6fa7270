package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Position;
import io.refold.projections.Await;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Lease;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who is woken by what this process settles. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LocalSettlementsTest {
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Generation ORDERS = new Generation("orders", 1);
  private static final Lease LEASE = new Lease(ORDERS, 3, "me", 1);

  private final LocalSettlements settlements = new LocalSettlements(LONG.multipliedBy(10));

  private static Position at(long sequence) {
    return new Position(3, sequence, 1_000 + sequence);
  }

  @Test
  void nobodyWaitsForAPartitionThatIsWorkedOnElsewhere() {
    settlements.settled(LEASE, at(1));

    assertThat(settlements.await(new Generation("orders", 2), at(9), LONG)).isFalse();
    assertThat(settlements.await(ORDERS, new Position(4, 9, 1), LONG)).isFalse();
  }

  @Test
  void whatIsSettledIsNotWaitedForAlsoIfLessIsSettledAgain() {
    settlements.settled(LEASE, at(9));
    settlements.settled(LEASE, at(5));

    long began = System.nanoTime();
    for (int i = 0; i < 1_000; i++) {
      assertThat(settlements.await(ORDERS, at(9), LONG)).isFalse();
    }

    assertThat(System.nanoTime() - began)
        .as("none of a thousand has waited")
        .isLessThan(LONG.toNanos());
  }

  @Test
  void whoeverWaitsIsWokenWhereItSettlesOrLeaves() throws Exception {
    settlements.settled(LEASE, at(1));
    assertWoken(at(7), () -> settlements.settled(LEASE, at(7)));
    assertWoken(at(8), () -> settlements.left(LEASE));
    assertThat(settlements.await(ORDERS, at(9), LONG)).as("it was left").isFalse();
  }

  private void assertWoken(Position wanted, Runnable event) throws Exception {
    var woken = new CompletableFuture<Boolean>();
    Thread waiter =
        Thread.ofPlatform()
            .daemon()
            .start(() -> woken.complete(settlements.await(ORDERS, wanted, LONG)));
    Await.until("it waits", () -> waiter.getState() == Thread.State.TIMED_WAITING);

    event.run();

    assertThat(woken.get(30, TimeUnit.SECONDS)).isTrue();
  }
}
