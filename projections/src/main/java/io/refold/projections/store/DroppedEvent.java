package io.refold.projections.store;

import java.time.Instant;

/**
 * An event that a projection leaves out for good, on record. Rebuilds leave it out, too.
 *
 * @param event which
 * @param reason what was said when it was dropped
 * @param at when, by the store's clock
 */
public record DroppedEvent(EventAddress event, String reason, Instant at) {}
