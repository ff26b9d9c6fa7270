package io.refold.sample.soak;

/**
 * What one thing measured over time. It has grown where its last quarter lies above its second one
 * by more than a tolerance; the first quarter is warm-up.
 */
sealed interface Series permits Gauge, Latency {

  /**
   * How far the last quarter may lie above the second one.
   *
   * @param share of what it was: 0.5 is half as much again
   * @param amount besides
   */
  record Tolerance(double share, double amount) {}

  /** Returns what is measured, with its unit. */
  String name();

  /** Returns what the second quarter says. */
  double before();

  /** Returns what the last quarter says. */
  double after();

  /** Returns whether both quarters say enough to be compared. */
  boolean judged();

  Tolerance tolerance();

  /** Returns up to where the last quarter may lie. */
  default double limit() {
    return before() * (1 + tolerance().share()) + tolerance().amount();
  }

  default boolean grown() {
    return judged() && after() > limit();
  }
}
