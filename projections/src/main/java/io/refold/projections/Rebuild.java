package io.refold.projections;

import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A rebuild that this process coordinates, and the workers of all processes carry out. It goes on
 * whether or not somebody holds on to this object; if the process ends first, calling {@code
 * rebuild} again goes on from where it was. Thread-safe.
 */
public final class Rebuild {
  private static final Logger LOG = LoggerFactory.getLogger(Rebuild.class);
  private static final Duration POLL = Duration.ofMillis(50);

  private final RebuildRun run;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean abandoned;

  Rebuild(RebuildRun run) {
    this.run = run;
  }

  void start() {
    Thread.ofPlatform().name("refold-rebuild-" + run.projection()).daemon().start(this::coordinate);
  }

  private void coordinate() {
    try {
      while (!run.progress().ended() && !abandoned) {
        try {
          if (!run.step()) {
            Pause.of(POLL);
          }
        } catch (StoreUnavailableException | ReplyLostException away) {
          LOG.warn("rebuild of '{}' waits for its store: {}", run.projection(), away.getMessage());
          Pause.of(POLL.multipliedBy(10));
        }
      }
      if (abandoned) {
        handBack();
      }
    } finally {
      ended.countDown();
    }
  }

  private void handBack() {
    try {
      run.handBack();
    } catch (StoreUnavailableException | ReplyLostException away) {
      LOG.info("others go on with the rebuild of '{}' after a lease", run.projection());
    }
  }

  /** Stops coordinating; another process, or another call, may go on. */
  void abandon() {
    abandoned = true;
  }

  /** Waits until this process coordinates it no more. */
  void stopped() {
    boolean interrupted = false;
    while (running()) {
      try {
        ended.await();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  boolean running() {
    return ended.getCount() > 0;
  }

  /** Returns the projection's name. */
  public String projection() {
    return run.projection();
  }

  /** Returns how far it is. Does not block. */
  public RebuildProgress progress() {
    return run.progress();
  }

  /**
   * Waits until it has ended.
   *
   * @return how: done or cancelled
   * @throws RebuildFailedException if an event cannot be applied, or this process has stopped
   *     coordinating; the message says which
   * @throws InterruptedException if the thread is interrupted; the rebuild goes on
   */
  public RebuildProgress await() throws InterruptedException {
    ended.await();
    return result();
  }

  /**
   * Waits until it has ended, but not longer than this.
   *
   * @return how it has ended; empty if it has not
   * @throws RebuildFailedException if an event cannot be applied, or this process has stopped
   *     coordinating; the message says which
   * @throws InterruptedException if the thread is interrupted; the rebuild goes on
   */
  public Optional<RebuildProgress> await(Duration timeout) throws InterruptedException {
    return ended.await(timeout.toNanos(), TimeUnit.NANOSECONDS)
        ? Optional.of(result())
        : Optional.empty();
  }

  private RebuildProgress result() {
    RuntimeException failure = run.failure();
    if (failure != null) {
      throw failure;
    }
    if (!run.progress().ended()) {
      throw new RebuildFailedException(
          "the workers that coordinated the rebuild of projection '%s' were closed: rebuild again to go on"
              .formatted(projection()),
          null);
    }
    return run.progress();
  }

  /**
   * Ends it: its rows are removed, and the old ones are read as if nothing had been.
   *
   * @return false if it had ended before
   */
  public boolean cancel() {
    return run.cancel();
  }
}
