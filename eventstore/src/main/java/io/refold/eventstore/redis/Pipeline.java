package io.refold.eventstore.redis;

import io.refold.eventstore.ReplyLostException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.redisson.Redisson;
import org.redisson.api.BatchOptions;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisAskException;
import org.redisson.client.RedisMovedException;
import org.redisson.command.CommandAsyncExecutor;
import org.redisson.connection.MasterSlaveEntry;

/**
 * Sends the calls of many threads together, each with an outcome of its own. Thread-safe.
 *
 * <p>Calls to one master gather in a {@linkplain Lanes lane}, and at most {@value #MOST} of them
 * are sent as one pipeline; at most {@value #UNDER_WAY} pipelines to a master are under way.
 *
 * <p>A slot that has moved is asked for where the server says: a call on which a master replies
 * ASK, because that slot is being moved, is sent on by itself; MOVED is the call's outcome, and the
 * next one for that slot goes to its new master.
 */
final class Pipeline implements AutoCloseable {
  private static final int MOST = 128;
  private static final int UNDER_WAY = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** Nothing of Redisson's is repeated: whether that does harm is ours to know. */
  private static final BatchOptions OPTIONS = BatchOptions.defaults().retryAttempts(0);

  private final CommandAsyncExecutor commands;
  private final Target alone;
  private final Masters masters;
  private final Lanes<MasterSlaveEntry, Call<?>> lanes;
  private final Set<Sending> underWay = ConcurrentHashMap.newKeySet();

  /** A call and where its outcome goes. */
  private record Call<T extends @Nullable Object>(
      int slot,
      Function<Target, CompletionStage<T>> start,
      CompletableFuture<T> outcome,
      long latest,
      long bytes)
      implements Lanes.Call {
    @Override
    public void fail(Throwable cause) {
      outcome.completeExceptionally(cause);
    }

    /**
     * Makes the call.
     *
     * @param failed gets what it fails with
     */
    void send(Target target, Consumer<Throwable> failed) {
      try {
        start
            .apply(target)
            .whenComplete((reply, failure) -> {
              if (failure == null) {
                outcome.complete(reply);
              } else {
                failed.accept(RedisErrors.cause(failure));
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
    private final Set<Call<?>> sentOn = ConcurrentHashMap.newKeySet(); // wait for another server

    Sending(List<Call<?>> calls) {
      this.calls = calls;
    }

    /** Fails every call that has no outcome yet. */
    void complete(Throwable cause) {
      for (Call<?> call : calls) {
        if (!sentOn.contains(call)) {
          call.outcome().completeExceptionally(cause);
        }
      }
    }
  }

  Pipeline(RedissonClient redisson, Masters masters, String name) {
    this.commands = ((Redisson) redisson).getCommandExecutor();
    this.alone = Target.alone(redisson);
    this.masters = masters;
    this.lanes =
        new Lanes<>("refold-" + name, MOST, UNDER_WAY, call -> masters.of(call.slot()), this::send);
    lanes.start();
  }

  /** Sends a small call with the next pipeline to its master. */
  <T extends @Nullable Object> CompletableFuture<T> submit(
      String key, Function<Target, CompletionStage<T>> start) {
    return submit(key, 0, start);
  }

  /**
   * Sends a call with the next pipeline to its master.
   *
   * @param key a key of the slot that the call touches
   * @param bytes about how many the call sends
   * @param start makes the call; runs on another thread, and once more after ASK
   */
  <T extends @Nullable Object> CompletableFuture<T> submit(
      String key, long bytes, Function<Target, CompletionStage<T>> start) {
    long latest = System.nanoTime() + PATIENCE.toNanos();
    var call = new Call<>(masters.slot(key), start, new CompletableFuture<T>(), latest, bytes);
    lanes.add(call);
    return call.outcome();
  }

  private CompletableFuture<?> send(MasterSlaveEntry master, List<Call<?>> calls) {
    var sending = new Sending(calls);
    underWay.add(sending);
    CompletableFuture<?> sent;
    try {
      var batch = new NodeBatch(commands, master, OPTIONS);
      for (Call<?> call : calls) {
        call.send(batch, failure -> failed(sending, call, failure));
      }
      sent = batch.send();
    } catch (Throwable e) { // also without memory each call gets an outcome
      sent = CompletableFuture.failedFuture(e);
    }
    return sent.whenComplete((done, failure) -> {
      sending.complete(blame(failure));
      underWay.remove(sending);
    });
  }

  private void failed(Sending sending, Call<?> call, Throwable failure) {
    switch (failure) {
      case RedisAskException ask -> {
        var other = new Sending(List.of(call));
        underWay.add(other);
        sending.sentOn.add(call);
        var unused = call.outcome().whenComplete((done, lost) -> underWay.remove(other));
        call.send(alone, call.outcome()::completeExceptionally);
      }
      case RedisMovedException moved -> {
        masters.learn(moved);
        call.outcome().completeExceptionally(moved);
      }
      default -> call.outcome().completeExceptionally(failure);
    }
  }

  /** What a pipeline fails with is the same for all its calls: they went to one server. */
  private static Throwable blame(@Nullable Throwable failure) {
    return failure == null
        ? new IllegalStateException("the pipeline with this call ended without its reply")
        : RedisErrors.cause(failure);
  }

  /** Fails what still waits. What is under way ends by itself while the client is open. */
  @Override
  public void close() {
    lanes.close();
  }

  /** Fails what is under way, after the client was shut down: Redisson never answers it then. */
  void abandon() {
    lanes.awaitLast();
    var cause = new CancellationException("the store was closed");
    underWay.forEach(sending ->
        sending.complete(
            new ReplyLostException("the store was closed before Redis answered", cause)));
  }
}
