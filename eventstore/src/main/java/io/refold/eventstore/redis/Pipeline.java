package io.refold.eventstore.redis;

import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
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
 * <p>Each master has a lane. What waits in it, at most {@value #MOST} calls, is sent as one
 * pipeline; at most {@value #UNDER_WAY} pipelines of a lane are under way, so a master that hangs
 * holds up its own calls only. A call that comes alone is sent at once and waits for nobody; while
 * pipelines are under way, calls gather for the next one, so the load itself makes the pipelines
 * longer.
 *
 * <p>A slot that has moved is asked for where the server says: a call on which a master replies
 * ASK, because that slot is being moved, is sent on by itself; MOVED is the call's outcome, and the
 * next one for that slot goes to its new master.
 *
 * <p>One thread sends for all lanes, and nothing that it does waits for a server. It is a platform
 * thread, and so is every one that calls Redisson. Redisson 4.7 hands out connections through a
 * queue that spins while another thread is between two steps of adding to it, the second of which
 * takes a lock (Redisson's issue 7285). Spinning virtual threads keep their carriers, so that other
 * thread may never run: on two cores, 64 virtual threads hung within seconds. The operating system
 * gives every platform thread its turn.
 */
final class Pipeline implements AutoCloseable {
  private static final int MOST = 128;
  private static final int UNDER_WAY = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration LAST_SENDING = Duration.ofSeconds(2);

  /** Nothing of Redisson's is repeated: whether that does harm is ours to know. */
  private static final BatchOptions OPTIONS = BatchOptions.defaults().retryAttempts(0);

  private final CommandAsyncExecutor commands;
  private final Target alone;
  private final Masters masters;
  private final Map<MasterSlaveEntry, Lane> lanes = new ConcurrentHashMap<>();
  private final BlockingQueue<Lane> ready = new LinkedBlockingQueue<>(); // to look at
  private final Set<Sending> underWay = ConcurrentHashMap.newKeySet();
  private final Thread sender;
  private volatile boolean closed;

  /** The calls for one master. */
  private static final class Lane {
    private final MasterSlaveEntry master;
    private final BlockingQueue<Call<?>> waiting = new LinkedBlockingQueue<>();
    private final Semaphore places = new Semaphore(UNDER_WAY);

    Lane(MasterSlaveEntry master) {
      this.master = master;
    }

    boolean canSend() {
      return !waiting.isEmpty() && places.availablePermits() > 0;
    }

    boolean isIdle() {
      return waiting.isEmpty() && places.availablePermits() == UNDER_WAY;
    }
  }

  /** A call and where its outcome goes. */
  private record Call<T extends @Nullable Object>(
      int slot,
      Function<Target, CompletionStage<T>> start,
      CompletableFuture<T> outcome,
      long latest) {
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
    this.sender = Thread.ofPlatform().name("refold-" + name).daemon().start(this::run);
  }

  /**
   * Sends a call with the next pipeline to its master.
   *
   * @param key a key of the slot that the call touches
   * @param start makes the call; runs on another thread, and once more after ASK
   */
  <T extends @Nullable Object> CompletableFuture<T> submit(
      String key, Function<Target, CompletionStage<T>> start) {
    long latest = System.nanoTime() + PATIENCE.toNanos();
    var call = new Call<>(masters.slot(key), start, new CompletableFuture<T>(), latest);
    enqueue(call);
    return call.outcome();
  }

  private void enqueue(Call<?> call) {
    MasterSlaveEntry master = masters.of(call.slot());
    if (master == null) {
      call.outcome().completeExceptionally(Masters.unknown(call.slot()));
      return;
    }
    Lane lane = lane(master);
    lane.waiting.add(call);
    if (lane.canSend()) {
      ready.add(lane);
    }
    if (closed && lane.waiting.remove(call)) {
      call.outcome().completeExceptionally(closedException());
    }
  }

  /** Lanes of masters that have gone are forgotten when a new one appears. */
  private Lane lane(MasterSlaveEntry master) {
    Lane lane = lanes.get(master);
    if (lane == null) {
      lanes.values().removeIf(Lane::isIdle);
      lane = lanes.computeIfAbsent(master, Lane::new);
    }
    return lane;
  }

  private void run() {
    var calls = new ArrayList<Call<?>>();
    while (!closed) {
      try {
        Lane lane = ready.take();
        while (lane.canSend() && !closed) {
          lane.places.acquire();
          lane.waiting.drainTo(calls, MOST);
          send(lane, calls);
          calls.clear();
        }
      } catch (InterruptedException e) {
        // closed
      } catch (Throwable e) { // this thread must go on, even without memory
        calls.forEach(call -> call.outcome().completeExceptionally(e));
        calls.clear();
      }
    }
    ready.addAll(lanes.values());
    for (Lane lane = ready.poll(); lane != null; lane = ready.poll()) {
      for (Call<?> call = lane.waiting.poll(); call != null; call = lane.waiting.poll()) {
        call.outcome().completeExceptionally(closedException());
      }
    }
  }

  /** Sends calls; whatever happens, each gets an outcome and the place becomes free again. */
  private void send(Lane lane, List<Call<?>> taken) {
    var calls = new ArrayList<Call<?>>(taken.size());
    for (Call<?> call : taken) {
      if (call.inTime()) {
        if (lane.master.equals(masters.of(call.slot()))) {
          calls.add(call);
        } else {
          enqueue(call); // its slot has moved while it waited
        }
      }
    }
    var sending = new Sending(calls);
    underWay.add(sending);
    CompletableFuture<?> sent;
    try {
      var batch = new NodeBatch(commands, lane.master, OPTIONS);
      for (Call<?> call : calls) {
        call.send(batch, failure -> failed(sending, call, failure));
      }
      sent = batch.send();
    } catch (Throwable e) { // this thread must go on, even without memory
      sent = CompletableFuture.failedFuture(e);
    }
    var unused =
        sent.whenComplete((done, failure) -> {
          lane.places.release();
          if (lane.canSend()) {
            ready.add(lane);
          }
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
