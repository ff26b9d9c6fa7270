package io.refold.projections;

import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Terms;
import java.time.Duration;
import java.util.Optional;

/**
 * A rebuild that this process coordinates, and the workers of all processes carry out. It goes on
 * whether or not somebody holds on to this object; if the process ends first, another one of its
 * version goes on from where it was. Where none is there for about four leases, workers of another
 * version cancel it, unless it is paused. Thread-safe.
 */
public final class Rebuild {
  private final Coordination coordination;

  Rebuild(Coordination coordination) {
    this.coordination = coordination;
  }

  /** Stops coordinating; another process, or another call, may go on. */
  void abandon() {
    coordination.abandon();
  }

  /** Returns the generation that it fills. */
  Generation fresh() {
    return coordination.run().generations().fresh().generation();
  }

  /** Returns the projection's name. */
  public String projection() {
    return coordination.run().projection();
  }

  /** Returns how far it is. Does not block. */
  public RebuildProgress progress() {
    return coordination.run().progress();
  }

  /**
   * Waits until it has ended.
   *
   * @return how: done or cancelled
   * @throws RebuildFailedException if an event cannot be applied, or this process has stopped
   *     coordinating; the message says which
   * @throws InterruptedException if the thread is interrupted; the rebuild goes on
   */
  public RebuildProgress await() throws InterruptedException {
    return coordination.await();
  }

  /**
   * Waits until it has ended, but not longer than this.
   *
   * @return how it has ended; empty if it has not
   * @throws RebuildFailedException if an event cannot be applied, or this process has stopped
   *     coordinating; the message says which
   * @throws InterruptedException if the thread is interrupted; the rebuild goes on
   */
  public Optional<RebuildProgress> await(Duration timeout) throws InterruptedException {
    return coordination.await(timeout);
  }

  /**
   * Ends it: its rows are removed, and the old ones are read as if nothing had been.
   *
   * @return false if it had ended before
   */
  public boolean cancel() {
    return coordination.run().cancel();
  }

  /**
   * Sets how many events of the history are read per second at most, over all processes together.
   * Each process has the part of it that its partitions make up, and obeys within about a second;
   * so does whoever goes on with the rebuild later. Partitions that have been read to their end
   * follow what comes in as it comes.
   *
   * @param eventsPerSecond 0 for no limit
   * @return false if it had ended before, switches already, or another process coordinates it
   * @throws IllegalArgumentException if it is negative
   */
  public boolean throttle(long eventsPerSecond) {
    return coordination
        .run()
        .direct(now -> new Terms(eventsPerSecond, now.paused(), now.parking()));
  }

  /**
   * Lets no more of the history be read until it is told to proceed, within about a second. What
   * has been filled stays, also if all processes of its version end, until a rebuild, verification
   * or recomputation of another version is asked for. Partitions that have been read to their end
   * follow what comes in, but nothing switches.
   *
   * @return false if it had ended before, switches already, or another process coordinates it
   */
  public boolean pause() {
    return coordination.run().direct(now -> new Terms(now.eventsPerSecond(), true, now.parking()));
  }

  /**
   * Goes on after a pause.
   *
   * @return false if it had ended before, switches already, or another process coordinates it
   */
  public boolean proceed() {
    return coordination.run().direct(now -> new Terms(now.eventsPerSecond(), false, now.parking()));
  }
}
