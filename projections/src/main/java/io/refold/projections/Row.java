package io.refold.projections;

/**
 * A row of a read model.
 *
 * @param key its key
 * @param value its value
 * @param <V> the rows
 */
public record Row<V>(String key, V value) {}
