package io.refold.eventstore;

/**
 * An event as it lies in its stream, not yet read by a codec.
 *
 * @param stream where it lies
 * @param version its place in the stream, from 1 without gap
 * @param position the append that wrote it
 * @param commandId the id of the command that caused it
 * @param metadata what its writer added
 * @param payload type and data
 */
public record StoredEvent(
    StreamId stream,
    long version,
    Position position,
    String commandId,
    Metadata metadata,
    EncodedEvent payload) {}
