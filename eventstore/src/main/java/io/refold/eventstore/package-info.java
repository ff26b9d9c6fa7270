/**
 * The write side: aggregates as pure functions over events, and a store that keeps their events in
 * per-aggregate streams with gapless versions.
 *
 * <p>Start with {@link io.refold.eventstore.Category}, {@link io.refold.eventstore.Decider} and
 * {@link io.refold.eventstore.CommandHandler}; {@link io.refold.eventstore.InMemoryEventStore} is
 * the readable reference of what every {@link io.refold.eventstore.EventStore} does.
 */
@NullMarked
package io.refold.eventstore;

import org.jspecify.annotations.NullMarked;
