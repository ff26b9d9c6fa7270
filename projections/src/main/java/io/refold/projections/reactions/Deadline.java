package io.refold.projections.reactions;

import java.time.Instant;

/**
 * A deadline that has come.
 *
 * @param instance the id of the instance it is of
 * @param name its name within the instance
 * @param due the time for which it was set; it may have come later
 */
public record Deadline(String instance, String name, Instant due) {}
