package io.refold.projections;

import io.refold.projections.store.Generations.Terms;

/**
 * How a rebuild goes. Immutable.
 *
 * <pre>{@code
 * workers.rebuild(balances, RebuildOptions.PLAIN.throttle(20_000));
 * }</pre>
 *
 * @param eventsPerSecond how many events per second at most, over all processes together; 0 for no
 *     limit
 * @param parking whether an event that cannot be applied is parked with what follows it in its
 *     aggregate; else it ends the rebuild
 */
public record RebuildOptions(long eventsPerSecond, boolean parking) {
  /** As fast as it goes, up to the first event that cannot be applied. */
  public static final RebuildOptions PLAIN = new RebuildOptions(0, false);

  /**
   * Checks the pace.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public RebuildOptions {
    if (eventsPerSecond < 0) {
      throw new IllegalArgumentException(
          "a pace has 1 event per second or more, 0 for no limit, not " + eventsPerSecond);
    }
  }

  /**
   * Returns the same with a limit.
   *
   * @param perSecond how many events per second at most, over all processes together; 0 for no
   *     limit
   */
  public RebuildOptions throttle(long perSecond) {
    return new RebuildOptions(perSecond, parking);
  }

  /** Returns the same, but events that cannot be applied are parked. */
  public RebuildOptions parkFailures() {
    return new RebuildOptions(eventsPerSecond, true);
  }

  Terms terms() {
    return new Terms(eventsPerSecond, false, parking);
  }
}
