package io.refold.projections.redis;

import io.refold.eventstore.Position;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Lease;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * How far this process has settled the partitions that it works on: who waits for a position here
 * is woken, and need not ask the server over and over. Only a hint: what was settled, the server
 * says. Thread-safe.
 */
final class LocalSettlements {
  private final Duration longest;
  private final Map<Place, Frontier> frontiers = new ConcurrentHashMap<>();

  private record Place(Generation generation, int partition) {
    static Place of(Lease lease) {
      return new Place(lease.generation(), lease.partition());
    }
  }

  /**
   * Starts with none.
   *
   * @param longest how long is waited at most before the server is asked
   */
  LocalSettlements(Duration longest) {
    this.longest = longest;
  }

  /** This process has settled everything up to a position. */
  void settled(Lease lease, Position last) {
    frontiers.computeIfAbsent(Place.of(lease), place -> new Frontier()).reach(last.sequence());
  }

  /** This process works on the partition no more. */
  void left(Lease lease) {
    left(lease.generation(), lease.partition());
  }

  /** This process does not work on the partition. */
  void left(Generation generation, int partition) {
    Frontier frontier = frontiers.remove(new Place(generation, partition));
    if (frontier != null) {
      frontier.reach(Long.MAX_VALUE);
    }
  }

  /**
   * Waits until this process has settled a position or works on the partition no more, or it is
   * time to ask the server. An interrupt ends it and stays set.
   *
   * @param most how long at most in any case
   * @return false at once if it does not work on the partition, or has settled the position before
   */
  boolean await(Generation generation, Position position, Duration most) {
    Frontier frontier = frontiers.get(new Place(generation, position.partition()));
    if (frontier == null || frontier.covers(position.sequence())) {
      return false;
    }
    try {
      frontier.await(position.sequence(), Math.min(longest.toNanos(), most.toNanos()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return true;
  }

  /** Up to where one partition is settled; {@link Long#MAX_VALUE} once it was left. */
  private static final class Frontier {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();
    private long sequence;

    void reach(long settled) {
      lock.lock();
      try {
        sequence = Math.max(sequence, settled);
        moved.signalAll();
      } finally {
        lock.unlock();
      }
    }

    boolean covers(long wanted) {
      lock.lock();
      try {
        return sequence >= wanted;
      } finally {
        lock.unlock();
      }
    }

    void await(long wanted, long nanos) throws InterruptedException {
      lock.lockInterruptibly();
      try {
        for (long left = nanos; sequence < wanted && left > 0; ) {
          left = moved.awaitNanos(left);
        }
      } finally {
        lock.unlock();
      }
    }
  }
}
