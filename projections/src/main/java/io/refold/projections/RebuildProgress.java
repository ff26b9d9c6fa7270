package io.refold.projections;

import java.time.Duration;
import java.util.Optional;

/**
 * How far a rebuild or a verification is.
 *
 * @param state what it is doing
 * @param events how many events it has passed
 * @param total how many events there are
 * @param eventsPerSecond how fast it has been since it began
 * @param remaining how long it will take at this rate; empty while there is no rate yet
 */
public record RebuildProgress(
    State state, long events, long total, double eventsPerSecond, Optional<Duration> remaining) {
  /** What it is doing. */
  public enum State {
    /** The history is being read; the old rows are up to date and read. */
    FILLING,
    /** It waits to be told to proceed; the old rows are up to date and read. */
    PAUSED,
    /** The old rows stand still for a moment, until the new ones are exactly as far. */
    SWITCHING,
    /** The rows that are read stand still for a moment, and are compared with the fresh ones. */
    COMPARING,
    /** The new rows are read; or, of a verification, all rows are compared. */
    DONE,
    /** It was cancelled; the old rows are read, as if nothing had been. */
    CANCELLED,
    /** It has failed; the old rows are read, as if nothing had been. */
    FAILED
  }

  /** Tells whether it has ended, in whatever way. */
  public boolean ended() {
    return switch (state) {
      case FILLING, PAUSED, SWITCHING, COMPARING -> false;
      case DONE, CANCELLED, FAILED -> true;
    };
  }
}
