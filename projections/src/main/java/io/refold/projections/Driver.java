package io.refold.projections;

import java.util.List;

/**
 * Works on a subscriber in a way of its own, instead of one owner per partition. Made for one
 * process; thread-safe.
 */
public interface Driver extends AutoCloseable {
  /** Starts threads; not to be called together with {@link #runUntilIdle}. */
  void start();

  /** Tells that a partition may have new entries. */
  void wake(int partition);

  /**
   * Does everything there is to do now, in the caller's thread. For tests.
   *
   * @return why events were parked on the way
   */
  List<String> runUntilIdle();

  /** Lets the threads finish what they are doing, and waits for them. */
  @Override
  void close();
}
