package io.refold.sample.load;

/**
 * How far an import is.
 *
 * @param fines histories done
 * @param commands commands handled, refused ones included
 */
public record ImportProgress(long fines, long commands) {}
