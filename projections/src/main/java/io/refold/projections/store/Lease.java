package io.refold.projections.store;

/**
 * The right to work on one partition for one generation. Owner and epoch together are the fencing
 * token: whoever takes the partition over later has a higher epoch, and calls with this one are
 * refused from then on.
 *
 * @param generation the generation
 * @param partition the partition
 * @param owner the process that holds it
 * @param epoch grows with every new holder
 */
public record Lease(Generation generation, int partition, String owner, long epoch) {}
