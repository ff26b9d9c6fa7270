package io.refold.eventstore;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Accounts.AccountDecider;
import io.refold.eventstore.Accounts.Deposit;
import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Open;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Threads in each other's way wait for their turn, but not for a server that hangs. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TurnsTest {
  private static final Duration HANGS = Duration.ofSeconds(2);
  private static final StreamId STREAM = ACCOUNTS.stream("hot");

  private final Turns turns = new Turns();

  private static long in(Duration time) {
    return System.nanoTime() + time.toNanos();
  }

  /** Each command meets a conflict, and then a master that hangs for a while. */
  private static final class HungStore extends ForwardingStore {
    private final Set<String> conflicted = ConcurrentHashMap.newKeySet();
    private final CountDownLatch never = new CountDownLatch(1);

    HungStore(EventStore target) {
      super(target);
    }

    @Override
    public AppendResult append(Append append) {
      if (conflicted.add(append.commandId())) {
        var faster = List.of(new Deposited(1));
        super.append(Append.of(ACCOUNTS, STREAM.id(), ExpectedVersion.any(), faster));
        return super.append(append);
      }
      try {
        var unused = never.await(HANGS.toNanos(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      throw new StoreUnavailableException("the master hangs", null);
    }
  }

  @Test
  void aMasterThatHangsHoldsUpEachThreadForAWhileAndNotForAllOthers() throws Exception {
    var events = new InMemoryEventStore();
    CommandHandler.on(events, ACCOUNTS, new AccountDecider()).build().handle("hot", new Open("A"));
    var handler = CommandHandler.on(new HungStore(events), ACCOUNTS, new AccountDecider()).build();
    var tasks = new ArrayList<Callable<Duration>>();
    for (int i = 0; i < 20; i++) {
      tasks.add(() -> {
        long start = System.nanoTime();
        try {
          handler.handle("hot", new Deposit(1));
          throw new AssertionError("written");
        } catch (StoreUnavailableException e) {
          return Duration.ofNanos(System.nanoTime() - start);
        }
      });
    }

    var waits = new ArrayList<Duration>();
    try (var executor = Executors.newFixedThreadPool(tasks.size())) {
      for (var wait : executor.invokeAll(tasks)) {
        waits.add(wait.get());
      }
    }

    assertThat(waits).allMatch(wait -> wait.compareTo(HANGS.multipliedBy(10)) < 0);
  }

  @Test
  void aTurnIsTakenOnceAndNotBeforeItIsFree() throws Exception {
    try (var executor = Executors.newSingleThreadExecutor();
        var other = turns.of(STREAM)) {
      try (var first = turns.of(STREAM)) {
        assertThat(first.take(in(Duration.ZERO))).isTrue();
        assertThat(first.take(in(Duration.ZERO))).isFalse();
        assertThat(executor.submit(() -> other.take(in(Duration.ofMillis(1)))).get()).isFalse();
      }
      assertThat(other.take(in(Duration.ofMinutes(1)))).isTrue();
    }
  }

  @Test
  void whoIsInterruptedWaitsNoLongerAndStaysInterrupted() throws Exception {
    var end = new CompletableFuture<List<Boolean>>();
    try (var first = turns.of(STREAM)) {
      assertThat(first.take(in(Duration.ZERO))).isTrue();
      Thread waiting =
          Thread.ofPlatform()
              .start(() -> {
                try (var second = turns.of(STREAM)) {
                  boolean taken = second.take(in(Duration.ofMinutes(10)));
                  end.complete(List.of(taken, Thread.currentThread().isInterrupted()));
                }
              });
      while (waiting.getState() != Thread.State.TIMED_WAITING) {
        Thread.onSpinWait();
      }
      waiting.interrupt();

      assertThat(end.get(30, TimeUnit.SECONDS)).containsExactly(false, true);
    }
  }
}
