package io.refold.projections;

import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreRefusedException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.PartitionOwner.Step;
import io.refold.projections.store.Subscriptions.Acquisition;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives the owner of one partition until it is told to stop, or has nothing more to do. It sleeps
 * while there is nothing new, and waits longer and longer while an event cannot be applied or the
 * store cannot be reached.
 *
 * <p>A platform thread: it often computes for long, and the client of Redis hands calls of virtual
 * threads over to platform threads anyway.
 */
final class OwnerThread {
  private static final Logger LOG = LoggerFactory.getLogger(OwnerThread.class);
  private static final Duration IDLE = Duration.ofSeconds(5);
  private static final Duration BOUND = Duration.ofMillis(50);
  private static final Duration ASKED = Duration.ofMillis(500);
  private static final Duration TICK = Duration.ofSeconds(1);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private final PartitionOwner owner;
  private final Pacing pacing;
  private final String name;
  private final FillingTurns filling;
  private final Semaphore signals = new Semaphore(0);
  private final CompletableFuture<Boolean> taken = new CompletableFuture<>();
  private final Thread thread;
  private volatile boolean stopping;
  private Duration pause = FIRST_PAUSE;

  /**
   * Prepares a thread that takes the lease and ends if it is not granted.
   *
   * @param filling how many partitions of this process are filled at once
   */
  OwnerThread(PartitionOwner owner, Pacing pacing, String name, FillingTurns filling) {
    this.owner = owner;
    this.pacing = pacing;
    this.name = name;
    this.filling = filling;
    this.thread = Thread.ofPlatform().name("refold-" + name).daemon().unstarted(this::run);
  }

  PartitionOwner owner() {
    return owner;
  }

  void start() {
    thread.start();
  }

  /**
   * Waits until the store has said whether the lease is granted.
   *
   * @return false if it is not; true if it is, or nothing has been said in time
   */
  boolean taken(Duration most) {
    try {
      return taken.get(Math.max(0, most.toNanos()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return true;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  boolean running() {
    return thread.isAlive();
  }

  /** Tells that there may be new entries. */
  void wake() {
    signals.release();
  }

  /** Lets it finish what it is doing, and give the lease back. */
  void stop() {
    stopping = true;
    signals.release();
  }

  /** Waits until it has stopped. */
  void join() throws InterruptedException {
    thread.join();
  }

  private void run() {
    boolean retake = true;
    try {
      while (!stopping) {
        try {
          if (retake && !(owner.acquire() instanceof Acquisition.Granted)) {
            return;
          }
          retake = false;
          taken.complete(true);
          long before = owner.events();
          switch (step()) {
            case WORKED -> {
              if (owner.events() > before) { // settled; what only takes over may fail next
                pause = FIRST_PAUSE;
              }
            }
            case IDLE -> {
              pause = FIRST_PAUSE;
              sleep(idle());
            }
            case RETAKE -> retake = true;
            case DOUBTED -> {
              retake = true;
              backOff();
            }
            case HALTED -> {
              LOG.warn("{} stands still, {}", name, owner.problem());
              backOff();
            }
            case OVER -> {
              if (owner.state() == PartitionState.LOST_HISTORY) {
                LOG.error("{} is stopped, {}", name, owner.problem());
              }
              return;
            }
          }
        } catch (StoreUnavailableException | ReplyLostException away) {
          LOG.warn("{} waits for its store: {}", name, away.getMessage());
          owner.waiting(away.getMessage());
          retake = true;
          backOff();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      taken.complete(false);
      release();
    }
  }

  private Step step() throws InterruptedException {
    boolean limited = owner.state() == PartitionState.FILLING;
    if (limited) {
      if (pacing.holds()) {
        sleep(BOUND);
        return Step.WORKED;
      }
      filling.enter(owner.partition());
    }
    long before = owner.events();
    try {
      Step done = owner.step();
      if (limited) {
        pacing.spent(owner.events() - before);
      }
      return done;
    } catch (StoreRefusedException refused) { // somebody has to change something; then it goes on
      LOG.error("{} is refused by its store: {}", name, refused.getMessage());
      return owner.failed(refused);
    } catch (StoreUnavailableException | ReplyLostException away) {
      throw away;
    } catch (RuntimeException
        | Error unexpected) { // the thread goes on, and its status says why not
      LOG.error("{} has failed", name, unexpected);
      return owner.failed(unexpected);
    } finally {
      if (limited) {
        filling.leave(owner.partition());
      }
    }
  }

  /** The bound of a generation that is compared with another one moves every moment. */
  private Duration idle() {
    if (owner.state() == PartitionState.FILLING) {
      return BOUND;
    }
    return owner.parks() ? ASKED : IDLE;
  }

  /** Sleeps until there may be something to read, and does meanwhile what is due. */
  private void sleep(Duration most) throws InterruptedException {
    long until = System.nanoTime() + most.toNanos();
    long wait = 0; // new entries first, also where something is due
    do {
      if (signals.tryAcquire(wait, TimeUnit.NANOSECONDS)) {
        signals.drainPermits();
        return;
      }
      wait = Math.min(TICK.toNanos(), until - System.nanoTime());
    } while (wait > 0 && !tick());
  }

  private boolean tick() {
    try {
      return owner.tick();
    } catch (StoreUnavailableException | ReplyLostException away) {
      throw away;
    } catch (RuntimeException | Error unexpected) {
      LOG.error("{} has failed to do what is due", name, unexpected);
      return false;
    }
  }

  private void backOff() throws InterruptedException {
    long millis = pause.toMillis();
    long jittered = millis / 2 + ThreadLocalRandom.current().nextLong(millis / 2 + 1);
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(jittered);
    while (!stopping && System.nanoTime() < until) {
      // New entries do not help here: only being stopped ends the pause early.
      if (signals.tryAcquire(until - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        signals.drainPermits();
      }
    }
    pause =
        pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
  }

  private void release() {
    try {
      owner.release();
    } catch (StoreUnavailableException | ReplyLostException away) {
      LOG.info("{} could not give its lease back, it expires by itself", name);
    }
  }
}
