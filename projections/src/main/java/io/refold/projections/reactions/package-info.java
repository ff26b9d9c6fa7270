/**
 * Side effects of events: {@link io.refold.projections.reactions.Reaction reactions} that run a
 * handler for each event, at least once, and {@link io.refold.projections.reactions.BusinessProcess
 * processes} that keep a state over many events, wait for deadlines and send commands to
 * aggregates.
 */
@NullMarked
package io.refold.projections.reactions;

import org.jspecify.annotations.NullMarked;
