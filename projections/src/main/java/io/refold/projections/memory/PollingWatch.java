package io.refold.projections.memory;

import io.refold.eventstore.EventStore;
import io.refold.projections.store.LogWatch;
import java.time.Duration;
import java.util.function.IntConsumer;

/** Watches logs by looking at their ends now and then. */
final class PollingWatch implements LogWatch {
  private final EventStore events;
  private final IntConsumer appended;
  private final Duration pause;
  private final Thread thread;

  PollingWatch(EventStore events, IntConsumer appended, Duration pause) {
    this.events = events;
    this.appended = appended;
    this.pause = pause;
    this.thread = Thread.ofVirtual().name("refold-watch").start(this::watch);
  }

  private void watch() {
    var seen = new long[events.partitions()];
    try {
      while (true) {
        for (int partition = 0; partition < seen.length; partition++) {
          long newest = events.head(partition).position().sequence();
          if (newest != seen[partition]) {
            seen[partition] = newest;
            appended.accept(partition);
          }
        }
        Thread.sleep(pause);
      }
    } catch (InterruptedException e) {
      // closed
    }
  }

  @Override
  public void close() {
    thread.interrupt();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
