package io.refold.projections;

import java.util.function.BooleanSupplier;

/**
 * What becomes of an event that fails, and of history that seems to be lost.
 *
 * @param attempts how often it is tried
 * @param parks whether its stream is parked then; else its partition stands still
 * @param doubts how often it is looked again whether history is lost
 */
record Patience(int attempts, BooleanSupplier parks, int doubts) {
  /** Believes at once that history is lost. */
  Patience(int attempts, BooleanSupplier parks) {
    this(attempts, parks, 0);
  }
}
