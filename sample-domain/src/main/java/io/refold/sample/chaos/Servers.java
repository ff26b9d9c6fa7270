package io.refold.sample.chaos;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** The servers that a run works on, and what can be done to them. Thread-safe. */
interface Servers extends AutoCloseable {
  /** Returns where processes connect. */
  String url();

  /** Returns the ports of all servers that hold data and take writes now. */
  List<Integer> ports();

  /** Tells whether a fault may take back what has not reached a replica. */
  boolean mayLose();

  /** Tells whether a fault can be made here. */
  boolean knows(Fault.Kind kind);

  /**
   * Makes a fault of the servers or of the network, and returns when it is over.
   *
   * @param kind one that is {@linkplain #knows known}
   * @param target which server, of however many there are
   * @param length how long it lasts, where it lasts
   * @throws IOException if it cannot be made
   */
  void suffer(Fault.Kind kind, int target, Duration length)
      throws IOException, InterruptedException;

  /** Ends all servers and deletes what they have written. */
  @Override
  void close() throws IOException;
}
