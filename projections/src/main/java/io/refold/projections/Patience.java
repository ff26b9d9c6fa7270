package io.refold.projections;

import java.util.function.BooleanSupplier;

/**
 * What becomes of an event that fails.
 *
 * @param attempts how often it is tried
 * @param parks whether its stream is parked then; else its partition stands still
 */
record Patience(int attempts, BooleanSupplier parks) {}
