package io.refold.projections;

import java.util.HashMap;
import java.util.Map;

/**
 * Which partitions of this process are filled at the moment: a few, so that memory is bounded and
 * live owners get their share, but each for any number of generations at once, so that these read
 * its history together. Thread-safe.
 */
final class FillingTurns {
  private final int most;
  private final Map<Integer, Integer> owners = new HashMap<>();

  /**
   * Lets nobody in yet.
   *
   * @param most how many partitions at once
   */
  FillingTurns(int most) {
    this.most = most;
  }

  /** Waits until an owner may work on a partition. */
  synchronized void enter(int partition) throws InterruptedException {
    while (!owners.containsKey(partition) && owners.size() >= most) {
      wait();
    }
    owners.merge(partition, 1, Integer::sum);
  }

  /** Ends what {@link #enter} has begun. */
  synchronized void leave(int partition) {
    if (owners.merge(partition, -1, Integer::sum) == 0) {
      owners.remove(partition);
      notifyAll();
    }
  }
}
