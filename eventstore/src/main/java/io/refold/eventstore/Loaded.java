package io.refold.eventstore;

/**
 * The state of an aggregate at a version. A caller may do I/O with it and then handle a command
 * {@linkplain CommandOptions#withExpectedVersion at exactly that version}.
 *
 * @param stream the aggregate's stream
 * @param version the version of its last event, 0 if it has none
 * @param state the state after that event
 * @param position the position of that event, or the partition's origin
 * @param closed whether the stream was closed or deleted, and takes no more commands
 * @param <S> the state
 */
public record Loaded<S>(
    StreamId stream, long version, S state, Position position, boolean closed) {}
