package io.refold.projections;

import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Drives a run to its end in a thread of its own. Thread-safe. */
final class Coordination {
  private static final Logger LOG = LoggerFactory.getLogger(Coordination.class);
  private static final Duration POLL = Duration.ofMillis(50);

  private final FillingRun run;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean abandoned;

  Coordination(FillingRun run) {
    this.run = run;
  }

  void start() {
    Thread.ofPlatform()
        .name("refold-%s-%s".formatted(run.what(), run.projection()))
        .daemon()
        .start(this::coordinate);
  }

  private void coordinate() {
    Throwable broken = null;
    try {
      while (!run.progress().ended() && !abandoned) {
        try {
          if (broken != null) {
            run.fail(broken.toString(), broken);
          } else if (!run.step()) {
            Pause.of(POLL);
          }
        } catch (StoreUnavailableException | ReplyLostException away) {
          LOG.warn(
              "{} of '{}' waits for its store: {}",
              run.what(),
              run.projection(),
              away.getMessage());
          Pause.of(POLL.multipliedBy(10));
        } catch (FillingRun.Ending told) {
          LOG.debug("{} of '{}' ends in the middle of a step", run.what(), run.projection());
        } catch (RuntimeException | Error unexpected) {
          LOG.error("{} of '{}' has failed", run.what(), run.projection(), unexpected);
          if (broken != null) {
            Pause.of(POLL.multipliedBy(10));
          }
          broken = unexpected;
        }
      }
      if (abandoned) {
        leave();
      }
    } finally {
      ended.countDown();
    }
  }

  private void leave() {
    try {
      run.leave();
    } catch (StoreUnavailableException | ReplyLostException away) {
      LOG.info("others see to the {} of '{}' after a lease", run.what(), run.projection());
    }
  }

  FillingRun run() {
    return run;
  }

  /** Stops coordinating; another process, or another call, may go on. */
  void abandon() {
    abandoned = true;
    run.leaving();
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

  /** Waits until it has ended. */
  RebuildProgress await() throws InterruptedException {
    ended.await();
    return result();
  }

  /** Waits until it has ended, but not longer than this; empty if it has not. */
  Optional<RebuildProgress> await(Duration timeout) throws InterruptedException {
    return ended.await(Pause.nanos(timeout), TimeUnit.NANOSECONDS)
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
          "the workers that coordinated the %s of projection '%s' were closed: call it again to go on"
              .formatted(run.what(), run.projection()),
          null);
    }
    return run.progress();
  }
}
