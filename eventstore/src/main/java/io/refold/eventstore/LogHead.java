package io.refold.eventstore;

/**
 * The end of a partition's log.
 *
 * @param position the newest append, or {@link Position#origin} of an empty log
 * @param events how many events the partition holds in all
 */
public record LogHead(Position position, long events) {}
