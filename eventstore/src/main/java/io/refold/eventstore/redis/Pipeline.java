package io.refold.eventstore.redis;

import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.redisson.api.BatchOptions;
import org.redisson.api.RBatch;
import org.redisson.api.RedissonClient;

/**
 * Sends the calls of many threads together, each with an outcome of its own. Thread-safe.
 *
 * <p>One thread takes what waits, at most {@value #MOST} calls, and sends it as one pipeline; at
 * most {@value #UNDER_WAY} pipelines are under way. A call that comes alone is sent at once and
 * waits for nobody; while pipelines are under way, calls gather for the next one, so the load
 * itself makes the pipelines longer.
 *
 * <p>The thread is a platform thread, and so is every one that calls Redisson. Redisson 4.7 hands
 * out connections through a queue that spins while another thread is between two steps of adding to
 * it, the second of which takes a lock (Redisson's issue 7285). Spinning virtual threads keep their
 * carriers, so that other thread may never run: on two cores, 64 virtual threads hung within
 * seconds. The operating system gives every platform thread its turn.
 */
final class Pipeline implements AutoCloseable {
  private static final int MOST = 128;
  private static final int UNDER_WAY = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration LAST_SENDING = Duration.ofSeconds(2);

  /** Nothing of Redisson's is repeated: whether that does harm is ours to know. */
  private static final BatchOptions OPTIONS = BatchOptions.defaults().retryAttempts(0);

  private final RedissonClient redisson;
  private final boolean oneServer;
  private final Target alone;
  private final BlockingQueue<Call<?>> waiting = new LinkedBlockingQueue<>();
  private final Semaphore places = new Semaphore(UNDER_WAY);
  private final Set<Sending> underWay = ConcurrentHashMap.newKeySet();
  private final Thread sender;
  private volatile boolean closed;

  /** A call and where its outcome goes. */
  private record Call<T extends @Nullable Object>(
      Function<Target, CompletionStage<T>> start, CompletableFuture<T> outcome, long latest) {
    /** A call that has waited too long for a hung server is not sent any more. */
    boolean inTime() {
      if (System.nanoTime() - latest < 0) {
        return true;
      }
      outcome.completeExceptionally(
          new StoreUnavailableException(
              "Redis has not answered earlier calls for %s, so this one was not sent"
                  .formatted(PATIENCE),
              null));
      return false;
    }

    void send(Target target) {
      try {
        start
            .apply(target)
            .whenComplete((reply, failure) -> {
              if (failure == null) {
                outcome.complete(reply);
              } else {
                outcome.completeExceptionally(failure);
              }
            });
      } catch (Throwable e) { // an argument that cannot be encoded, or no memory to do it
        outcome.completeExceptionally(e);
      }
    }
  }

  /** Calls that were sent together; equal only to itself. */
  private static final class Sending {
    private final List<Call<?>> calls;

    Sending(List<Call<?>> calls) {
      this.calls = calls;
    }

    /** Fails every call that has no outcome yet. */
    void complete(Throwable cause) {
      calls.forEach(call -> call.outcome().completeExceptionally(cause));
    }
  }

  Pipeline(RedissonClient redisson, boolean oneServer, String name) {
    this.oneServer = oneServer;
    this.redisson = redisson;
    this.alone = Target.alone(redisson);
    this.sender = Thread.ofPlatform().name("refold-" + name).daemon().start(this::run);
  }

  /**
   * Sends a call with the next pipeline.
   *
   * @param start makes the call; runs on another thread
   */
  <T extends @Nullable Object> CompletableFuture<T> submit(
      Function<Target, CompletionStage<T>> start) {
    var call =
        new Call<>(start, new CompletableFuture<T>(), System.nanoTime() + PATIENCE.toNanos());
    waiting.add(call);
    if (closed && waiting.remove(call)) {
      call.outcome().completeExceptionally(closedException());
    }
    return call.outcome();
  }

  private void run() {
    while (!closed) {
      try {
        places.acquire();
        var calls = new ArrayList<Call<?>>();
        try {
          calls.add(waiting.take());
          waiting.drainTo(calls, MOST - 1);
        } finally {
          if (calls.isEmpty()) {
            places.release();
          }
        }
        send(calls);
      } catch (InterruptedException e) {
        // closed
      }
    }
    for (Call<?> call = waiting.poll(); call != null; call = waiting.poll()) {
      call.outcome().completeExceptionally(closedException());
    }
  }

  /** Sends calls; whatever happens, each gets an outcome and the place becomes free again. */
  private void send(List<Call<?>> taken) {
    List<Call<?>> calls = taken.stream().filter(Call::inTime).toList();
    var sending = new Sending(calls);
    underWay.add(sending);
    CompletableFuture<?> sent;
    try {
      sent = calls.size() == 1 ? sendAlone(calls.getFirst()) : sendTogether(calls);
    } catch (Throwable e) { // this thread must go on, even without memory
      sent = CompletableFuture.failedFuture(e);
    }
    var unused =
        sent.whenComplete((done, failure) -> {
          places.release();
          sending.complete(blame(failure));
          underWay.remove(sending);
        });
  }

  private CompletableFuture<?> sendAlone(Call<?> call) {
    call.send(alone);
    return call.outcome();
  }

  private CompletableFuture<?> sendTogether(List<Call<?>> calls) {
    if (calls.isEmpty()) {
      return CompletableFuture.completedFuture(null);
    }
    RBatch batch = redisson.createBatch(OPTIONS);
    Target within = Target.within(batch);
    for (Call<?> call : calls) {
      call.send(within);
    }
    return batch.executeAsync().toCompletableFuture();
  }

  /**
   * In a pipeline that fails as a whole Redisson leaves calls without an outcome. What it failed
   * with may have happened on another node of a cluster, so for these calls it says nothing about
   * whether they were executed. A single server is the same for all of them.
   */
  private Throwable blame(@Nullable Throwable failure) {
    return failure != null && oneServer
        ? RedisErrors.cause(failure)
        : new IllegalStateException("the pipeline with this call failed", failure);
  }

  private static StoreUnavailableException closedException() {
    return new StoreUnavailableException("the store is closed (nothing was written)", null);
  }

  /** Fails what still waits. What is under way ends by itself while the client is open. */
  @Override
  public void close() {
    closed = true;
    sender.interrupt();
  }

  /** Fails what is under way, after the client was shut down: Redisson never answers it then. */
  void abandon() {
    try {
      sender.join(LAST_SENDING);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    var cause = new CancellationException("the store was closed");
    underWay.forEach(sending ->
        sending.complete(
            new ReplyLostException("the store was closed before Redis answered", cause)));
  }
}
