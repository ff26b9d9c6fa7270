package io.refold.eventstore.redis;

import io.refold.eventstore.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * Lets the calls of many threads gather and be sent together: those that go one way, apart from all
 * others. Thread-safe.
 *
 * <p>Each way has a lane. What waits in it is sent together, up to a number of calls and about 16
 * MiB, so that large calls do not fill the memory; only so many sendings of a lane are under way,
 * so a way that leads to a server which hangs holds up its own calls only. A call that comes alone
 * is sent at once and waits for nobody; while sendings are under way, calls gather for the next
 * one, so the load itself makes them longer.
 *
 * <p>One thread sends for all lanes, and nothing that it does waits for a server. It is a platform
 * thread, and so is every one that calls Redisson. Redisson 4.7 hands out connections through a
 * queue that spins while another thread is between two steps of adding to it, the second of which
 * takes a lock (Redisson's issue 7285). Spinning virtual threads keep their carriers, so that other
 * thread may never run: on two cores, 64 virtual threads hung within seconds. The operating system
 * gives every platform thread its turn.
 *
 * @param <W> what calls have in common that are sent together
 * @param <C> a call
 */
final class Lanes<W, C extends Lanes.Call> implements AutoCloseable {
  private static final long MOST_BYTES = 16 << 20;
  private static final Duration LAST_SENDING = Duration.ofSeconds(2);

  private final int most;
  private final int underWay;
  private final Function<C, W> ways;
  private final BiFunction<W, List<C>, CompletableFuture<?>> sending;
  private final Map<W, Lane<W, C>> lanes = new ConcurrentHashMap<>();
  private final BlockingQueue<Lane<W, C>> ready = new LinkedBlockingQueue<>(); // to look at
  private final Thread sender;
  private volatile boolean closed;

  /** What can wait to be sent. */
  interface Call {
    /** Returns until when it may be sent, by {@link System#nanoTime()}. */
    long latest();

    /** Returns about how many bytes it sends. */
    long bytes();

    /** Ends it without its having been sent, or without knowing whether it was. */
    void fail(Throwable cause);
  }

  private static final class Lane<W, C> {
    private final W way;
    private final BlockingQueue<C> waiting = new LinkedBlockingQueue<>();
    private final Semaphore places;
    private final int most;

    Lane(W way, int most) {
      this.way = way;
      this.most = most;
      this.places = new Semaphore(most);
    }

    boolean canSend() {
      return !waiting.isEmpty() && places.availablePermits() > 0;
    }

    boolean isIdle() {
      return waiting.isEmpty() && places.availablePermits() == most;
    }
  }

  /**
   * Starts the thread.
   *
   * @param most how many calls are sent together at most
   * @param underWay how many sendings of a lane are under way at most
   * @param ways the way a call goes now; what it throws is the call's outcome
   * @param sending sends calls that go one way and gives each its outcome; its stage ends when the
   *     next ones may follow
   */
  Lanes(
      String name,
      int most,
      int underWay,
      Function<C, W> ways,
      BiFunction<W, List<C>, CompletableFuture<?>> sending) {
    this.most = most;
    this.underWay = underWay;
    this.ways = ways;
    this.sending = sending;
    this.sender = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
  }

  void start() {
    sender.start();
  }

  /** Has a call sent with the next ones that go its way. */
  void add(C call) {
    W way;
    try {
      way = ways.apply(call);
    } catch (RuntimeException e) {
      call.fail(e);
      return;
    }
    Lane<W, C> lane = lane(way);
    lane.waiting.add(call);
    if (lane.canSend()) {
      ready.add(lane);
    }
    if (closed && lane.waiting.remove(call)) {
      call.fail(closedException());
    }
  }

  /** Lanes that nobody uses any more are forgotten when a new one appears. */
  private Lane<W, C> lane(W way) {
    Lane<W, C> lane = lanes.get(way);
    if (lane == null) {
      lanes.values().removeIf(Lane::isIdle);
      lane = lanes.computeIfAbsent(way, key -> new Lane<>(key, underWay));
    }
    return lane;
  }

  private void run() {
    var calls = new ArrayList<C>();
    while (!closed) {
      try {
        Lane<W, C> lane = ready.take();
        while (lane.canSend() && !closed) {
          lane.places.acquire();
          gather(lane, calls);
          send(lane, calls);
          calls.clear();
        }
      } catch (InterruptedException e) {
        // closed
      } catch (Throwable e) { // this thread must go on, even without memory
        calls.forEach(call -> call.fail(e));
        calls.clear();
      }
    }
    ready.addAll(lanes.values());
    for (Lane<W, C> lane = ready.poll(); lane != null; lane = ready.poll()) {
      for (C call = lane.waiting.poll(); call != null; call = lane.waiting.poll()) {
        call.fail(closedException());
      }
    }
  }

  /** Takes what is sent together: one call at least, if there is any. */
  private void gather(Lane<W, C> lane, List<C> calls) {
    long bytes = 0;
    while (calls.size() < most && bytes < MOST_BYTES) {
      C call = lane.waiting.poll();
      if (call == null) {
        return;
      }
      calls.add(call);
      bytes += call.bytes();
    }
  }

  /** Sends calls; whatever happens, the place becomes free again. */
  private void send(Lane<W, C> lane, List<C> taken) {
    List<C> calls = new ArrayList<>(taken.size());
    CompletableFuture<?> sent;
    try {
      for (C call : taken) {
        if (!inTime(call)) {
          call.fail(
              new StoreUnavailableException(
                  "Redis has not answered earlier calls in time, so this one was not sent: try"
                      + " again",
                  null));
        } else if (goes(call, lane.way)) {
          calls.add(call);
        } else {
          add(call); // its slot has moved while it waited
        }
      }
      sent =
          calls.isEmpty()
              ? CompletableFuture.completedFuture(null)
              : sending.apply(lane.way, calls);
    } catch (Throwable e) { // this thread must go on, even without memory
      taken.forEach(call -> call.fail(e));
      sent = CompletableFuture.completedFuture(null);
    }
    var unused =
        sent.whenComplete((done, failure) -> {
          lane.places.release();
          if (lane.canSend()) {
            ready.add(lane);
          }
        });
  }

  /** A call that has waited too long for a hung server is not sent any more. */
  private static boolean inTime(Call call) {
    return System.nanoTime() - call.latest() < 0;
  }

  private boolean goes(C call, W way) {
    try {
      return way.equals(ways.apply(call));
    } catch (RuntimeException e) {
      return false;
    }
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

  /** Waits a moment until nothing more is sent, after it was closed. */
  void awaitLast() {
    try {
      sender.join(LAST_SENDING);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
