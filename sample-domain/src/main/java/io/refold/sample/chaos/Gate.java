package io.refold.sample.chaos;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Where writers wait between two commands while it is closed. Thread-safe. */
final class Gate {
  private final int writers;
  private final Runnable quiet;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition opened = lock.newCondition();
  private boolean closed;
  private int waiting;

  /**
   * Makes an open one.
   *
   * @param writers how many pass it
   * @param quiet is run whenever all of them wait
   */
  Gate(int writers, Runnable quiet) {
    this.writers = writers;
    this.quiet = quiet;
  }

  void close() {
    lock.lock();
    try {
      closed = true;
      if (waiting == writers) {
        quiet.run();
      }
    } finally {
      lock.unlock();
    }
  }

  void open() {
    lock.lock();
    try {
      closed = false;
      opened.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until it is open; returns false if the thread is to end. */
  boolean pass() {
    lock.lock();
    try {
      waiting++;
      if (closed && waiting == writers) {
        quiet.run();
      }
      while (closed) {
        opened.await();
      }
      waiting--;
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Waits for a while. */
  void pause(Duration length) {
    try {
      TimeUnit.NANOSECONDS.sleep(length.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
