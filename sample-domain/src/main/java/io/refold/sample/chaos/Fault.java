package io.refold.sample.chaos;

import java.time.Duration;

/**
 * Something that happens to a run.
 *
 * @param kind what
 * @param target to which server or process, of however many there are
 * @param at how long after the beginning of its cycle
 * @param length how long it lasts, where it lasts
 */
record Fault(Kind kind, int target, Duration at, Duration length) {
  /** What can happen. */
  enum Kind {
    /** A server is killed and started again. In a cluster its replica takes over first. */
    SERVER_CRASH,
    /** A server is stopped for a while. */
    SERVER_PAUSE,
    /** A process of workers is killed and another one started. */
    WORKER_KILL,
    /** A process of workers is stopped for longer than its leases. */
    WORKER_PAUSE,
    /** A process of writers is killed and another one started. */
    WRITER_KILL,
    /** A process of writers is stopped for a while. */
    WRITER_PAUSE,
    /** All connections are cut. */
    CUT,
    /** For a while servers do what they are asked and their replies are lost. */
    SWALLOW,
    /** For a while replies are late. */
    DELAY,
    /** Servers forget all scripts. */
    SCRIPTS,
    /** Slots are moved to another server. */
    MOVE,
    /** Rows are rebuilt. No fault, but what faults should hit. */
    REBUILD,
    /** Rows are verified. No fault, but what faults should hit. */
    VERIFY
  }

  @Override
  public String toString() {
    return "%s(%d) at %d ms for %d ms".formatted(kind, target, at.toMillis(), length.toMillis());
  }
}
