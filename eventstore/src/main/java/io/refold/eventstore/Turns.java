package io.refold.eventstore;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets the threads of one process that are in each other's way on one stream go on one by one, so
 * that each gets its turn however many they are. Streams share locks; that costs time, nothing
 * else. Nobody needs a turn: who has waited too long, because a server hangs, goes on without.
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

    /**
     * Waits for the turn. Who is interrupted waits no longer, and stays interrupted.
     *
     * @param giveUp until when to wait, by {@link System#nanoTime()}
     * @return false if it was taken before, or was not free in time
     */
    boolean take(long giveUp) {
      if (taken) {
        return false;
      }
      try {
        taken = lock.tryLock(giveUp - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return taken;
    }

    @Override
    public void close() {
      if (taken) {
        lock.unlock();
      }
    }
  }
}
