package io.refold.projections;

import io.refold.eventstore.Position;
import java.time.Duration;

/** What waiting for a position led to. */
public enum Awaited {
  /** The projection has applied it; reads from now on show it. */
  APPLIED,
  /** An event of that append fails and is parked, with what follows it in its aggregate. */
  PARKED,
  /** Not in time. */
  TIMED_OUT,
  /** The log does not hold that position: its append was lost with the server that had it. */
  LOST;

  /**
   * Returns if the position has been applied.
   *
   * @param projection what was waited for, for the message
   * @param position the position
   * @param timeout how long was waited at most
   * @throws NotAppliedException if it has not been applied in time, or an event of that append is
   *     parked
   * @throws HistoryLostException if the log does not hold that position
   */
  public void check(String projection, Position position, Duration timeout) {
    switch (this) {
      case APPLIED -> {}
      case TIMED_OUT ->
          throw new NotAppliedException(
              "projection '%s' has not applied %s within %s: wait again, its status says how far it is"
                  .formatted(projection, position, timeout));
      case PARKED ->
          throw new NotAppliedException(
              "projection '%s' has passed %s, but an event of that append is parked: see store.parked"
                  .formatted(projection, position));
      case LOST ->
          throw new HistoryLostException(
              "position %s that projection '%s' should wait for is not in the log: that append was lost, handle its command again"
                  .formatted(position, projection));
    }
  }
}
