package io.refold.eventstore;

import java.time.Duration;

/**
 * What must have happened to written events before their writer is answered. The events are in the
 * server's memory, and readable, in any case; a level says what else is waited for, and how long.
 *
 * <p>A level that is not reached in time is no failure: the events are written, and the result
 * {@linkplain Confirmation#reached() says} that more is not known of them. Immutable.
 */
public sealed interface Durability {
  /** The longest time that a level may be waited for. */
  Duration LONGEST = Duration.ofSeconds(10);

  /** Nothing else: what a crash or a failover takes back is a matter of the configuration. */
  record Memory() implements Durability {}

  /**
   * The server has them on its disk, so a crash of its process or machine does not take them back.
   * Needs Redis 7.2 or Valkey, and an append-only file.
   *
   * @param within how long to wait for it
   */
  record Fsync(Duration within) implements Durability {
    /**
     * Checks the time.
     *
     * @throws IllegalArgumentException if it is not 1 ms to 10 seconds
     */
    public Fsync {
      allowed(within);
    }
  }

  /**
   * Replicas have them in memory, so they survive the loss of the server if one of these replicas
   * is promoted.
   *
   * @param number how many replicas, at least 1
   * @param within how long to wait for them
   */
  record Replicas(int number, Duration within) implements Durability {
    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if the number is not positive, or the time is not 1 ms to 10
     *     seconds
     */
    public Replicas {
      if (number < 1) {
        throw new IllegalArgumentException(
            "at least 1 replica can be waited for, not %d: use Durability.memory() to wait for none"
                .formatted(number));
      }
      allowed(within);
    }
  }

  /** Returns the level that waits for nothing more. */
  static Durability memory() {
    return new Memory();
  }

  /**
   * Returns the level that waits for the server's disk.
   *
   * @throws IllegalArgumentException if the time is not 1 ms to 10 seconds
   */
  static Durability fsync(Duration within) {
    return new Fsync(within);
  }

  /**
   * Returns the level that waits for replicas.
   *
   * @throws IllegalArgumentException if the number is not positive, or the time is not 1 ms to 10
   *     seconds
   */
  static Durability replicas(int number, Duration within) {
    return new Replicas(number, within);
  }

  private static void allowed(Duration within) {
    if (within.compareTo(Duration.ofMillis(1)) < 0 || within.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "a level is waited for between 1 ms and %s, not %s".formatted(LONGEST, within));
    }
  }
}
