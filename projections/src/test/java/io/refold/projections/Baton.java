package io.refold.projections;

import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets a process go on by one call to its store at a time: its jobs run in a thread of their own,
 * which stands still before each call until it is told what becomes of it. Driven by one thread,
 * which stands still meanwhile.
 *
 * <p>These are virtual threads, which change places without the operating system: on a busy machine
 * that is a hundred times faster. They are platform threads where a virtual one that waits inside
 * {@code synchronized} keeps its carrier.
 */
final class Baton {
  /** What becomes of a call. */
  enum Fate {
    /** It is made and answered. */
    FINE,
    /** It is not made. */
    REFUSED,
    /** It is made, and its answer lost. */
    LOST,
    /** It is made some time later; the caller is told that its answer is lost. */
    LATE,
    /** It is not made: the process is dead. */
    DEATH,
    /** It is made some time later: the process is dead. */
    LAST_WORDS
  }

  /** Ends the job of a process that is dead; nobody catches it on the way. */
  private static final class Death extends Error {
    private static final long serialVersionUID = 1L;

    Death() {
      super("dead on purpose", null, false, false);
    }
  }

  private static final int PINNING_ENDS = 24;
  private static final ExecutorService THREADS =
      Runtime.version().feature() < PINNING_ENDS
          ? Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("story-", 0).factory())
          : Executors.newVirtualThreadPerTaskExecutor();

  private final Deque<GatedStore.Call> late;
  private final Semaphore turn = new Semaphore(0);
  private final Semaphore stop = new Semaphore(0);
  private volatile Fate fate = Fate.FINE;
  private volatile @Nullable Throwable failure;
  private volatile boolean running;
  private volatile boolean useful;
  private volatile String before = "";

  /**
   * Makes one that has nothing to do.
   *
   * @param late gets the calls that are made later
   */
  Baton(Deque<GatedStore.Call> late) {
    this.late = late;
  }

  /** The gate before the process's store. */
  @Nullable Object pass(String name, GatedStore.Call call) throws Throwable {
    before = name;
    stop.release();
    turn.acquireUninterruptibly();
    return switch (fate) {
      case FINE -> call.make();
      case REFUSED -> throw new StoreUnavailableException("refused on purpose: " + name, null);
      case LOST -> {
        call.make();
        throw lost(name);
      }
      case LATE -> {
        late.add(call);
        throw lost(name);
      }
      case DEATH -> throw new Death();
      case LAST_WORDS -> {
        late.add(call);
        throw new Death();
      }
    };
  }

  private static ReplyLostException lost(String name) {
    return new ReplyLostException("lost on purpose: " + name, new IllegalStateException());
  }

  /** Tells whether a job stands before a call. */
  boolean running() {
    return running;
  }

  /** Returns the name of the call that a job stands before. */
  String before() {
    return before;
  }

  /** Tells whether the last job that has ended of itself found something to do. */
  boolean useful() {
    return useful;
  }

  /**
   * Begins a job, up to its first call.
   *
   * @param job returns whether it found something to do
   */
  void begin(BooleanSupplier job) {
    running = true;
    useful = false;
    THREADS.execute(() -> {
      try {
        useful = job.getAsBoolean();
      } catch (Death dead) {
        // that was all
      } catch (Throwable e) {
        failure = e;
      } finally {
        running = false;
        stop.release();
      }
    });
    await();
  }

  /** Goes on to the next call, or to the job's end. */
  void goOn(Fate decided) {
    fate = decided;
    turn.release();
    await();
  }

  private void await() {
    stop.acquireUninterruptibly();
    Throwable thrown = failure;
    if (thrown != null) {
      failure = null;
      throw new AssertionError("a process fails: " + thrown, thrown);
    }
  }

  /** Runs what drives batons; where threads are cheap, so is passing the baton there. */
  static void drive(Runnable driver) throws InterruptedException {
    try {
      THREADS.submit(driver).get();
    } catch (ExecutionException e) {
      throw new AssertionError(e.getCause());
    }
  }
}
