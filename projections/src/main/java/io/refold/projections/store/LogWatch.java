package io.refold.projections.store;

/** Tells of new log entries until it is closed. */
public interface LogWatch extends AutoCloseable {
  /** Ends the watch; waits until nothing is told any more. */
  @Override
  void close();
}
