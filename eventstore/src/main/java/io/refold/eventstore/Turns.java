package io.refold.eventstore;

import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets the threads of one process that are in each other's way on one stream go on one by one, so
 * that each gets its turn however many they are. Streams share locks; that costs time, nothing
 * else.
 */
final class Turns {
  private final ReentrantLock[] locks = new ReentrantLock[256];

  Turns() {
    for (int i = 0; i < locks.length; i++) {
      locks[i] = new ReentrantLock(true);
    }
  }

  Turn of(StreamId stream) {
    return new Turn(locks[Math.floorMod(stream.hashCode(), locks.length)]);
  }

  /** One thread's place in the queue; not taken at first. */
  static final class Turn implements AutoCloseable {
    private final ReentrantLock lock;
    private boolean taken;

    private Turn(ReentrantLock lock) {
      this.lock = lock;
    }

    /** Waits for the turn; returns false if it was taken before. */
    boolean take() {
      if (taken) {
        return false;
      }
      lock.lock();
      taken = true;
      return true;
    }

    @Override
    public void close() {
      if (taken) {
        lock.unlock();
      }
    }
  }
}
