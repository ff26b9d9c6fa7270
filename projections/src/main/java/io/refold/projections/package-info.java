/**
 * The read side: projections fold events into rows, workers keep the rows up to date, read models
 * find them, and a rebuild replaces them all in one step.
 *
 * <p>Start with {@link io.refold.projections.Projection}, {@link
 * io.refold.projections.ProjectionWorkers} and {@link io.refold.projections.ReadModel}; test with
 * {@link io.refold.projections.ProjectionScenario}.
 */
@NullMarked
package io.refold.projections;

import org.jspecify.annotations.NullMarked;
