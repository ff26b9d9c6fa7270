package io.refold.eventstore;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * Events to be appended to one stream, or to several of one {@linkplain StreamId#route() route},
 * all or none. Immutable; it may be sent again with the same command id, and is then recognised.
 *
 * @param writes what goes into which stream, at least one
 * @param commandId identifies the command that caused the events, 1 to 128 characters; one command,
 *     one append: it must not be used for another one
 * @param metadata stored with every event
 */
public record Append(List<StreamWrite> writes, String commandId, Metadata metadata) {
  /** How many events one append may carry in all. */
  public static final int MAX_EVENTS = 1_000;

  /** How many bytes of JSON one append may have in all. */
  public static final int MAX_BYTES = 8 << 20;

  /** How many bytes of JSON one event may have. */
  public static final int MAX_EVENT_BYTES = 1 << 20;

  /**
   * Events for one stream.
   *
   * @param stream where they go
   * @param expected what the writer knows about the stream
   * @param events at least one, in their order
   */
  public record StreamWrite(StreamId stream, ExpectedVersion expected, List<EncodedEvent> events) {
    /**
     * Copies and checks the events.
     *
     * @throws IllegalArgumentException if there is none
     * @throws EventNotStorableException if one is larger than {@link #MAX_EVENT_BYTES}
     */
    public StreamWrite {
      events = List.copyOf(events);
      if (events.isEmpty()) {
        throw new IllegalArgumentException("an append to %s has no events".formatted(stream));
      }
      for (EncodedEvent event : events) {
        if (event.data().length > MAX_EVENT_BYTES) {
          throw new EventNotStorableException(
              "%s for %s has %,d bytes of JSON, at most %,d are allowed: store the large part elsewhere and refer to it"
                  .formatted(event.type(), stream, event.data().length, MAX_EVENT_BYTES),
              null);
        }
      }
    }
  }

  /**
   * Copies and checks the writes.
   *
   * @throws IllegalArgumentException if there is no write, a stream occurs twice, the streams have
   *     different routes, or the command id is not allowed
   * @throws EventNotStorableException if there are more than {@link #MAX_EVENTS} events or {@link
   *     #MAX_BYTES} bytes
   */
  public Append {
    writes = List.copyOf(writes);
    Names.commandId(commandId);
    if (writes.isEmpty()) {
      throw new IllegalArgumentException("an append needs at least one stream to write to");
    }
    String route = writes.getFirst().stream().route();
    var streams = new HashSet<StreamId>();
    int events = 0;
    long bytes = 0;
    for (StreamWrite write : writes) {
      if (!streams.add(write.stream())) {
        throw new IllegalArgumentException(
            "%s occurs twice in one append".formatted(write.stream()));
      }
      if (!write.stream().route().equals(route)) {
        throw new IllegalArgumentException(
            "%s and %s have different routes ('%s', '%s'): one append reaches streams of one route only"
                .formatted(
                    writes.getFirst().stream(), write.stream(), route, write.stream().route()));
      }
      events += write.events().size();
      bytes += write.events().stream().mapToLong(event -> event.data().length).sum();
    }
    if (events > MAX_EVENTS) {
      throw new EventNotStorableException(
          "an append to %s has %,d events, at most %,d are allowed: split it"
              .formatted(writes.getFirst().stream(), events, MAX_EVENTS),
          null);
    }
    if (bytes > MAX_BYTES) {
      throw new EventNotStorableException(
          "an append to %s has %,d bytes of JSON, at most %,d are allowed: split it"
              .formatted(writes.getFirst().stream(), bytes, MAX_BYTES),
          null);
    }
  }

  /**
   * Encodes events for one stream, under a new command id.
   *
   * @throws IllegalArgumentException if there are no events or the id is not allowed
   * @throws EventNotStorableException if an event cannot be encoded, or a limit is exceeded
   */
  public static <E> Append of(
      Category<E> category, String id, ExpectedVersion expected, List<? extends E> events) {
    return new Append(
        List.of(write(category, id, expected, events)), CommandIds.random(), Metadata.empty());
  }

  /**
   * Returns a copy that also writes to another stream of the same route, in the same atomic step.
   *
   * @throws IllegalArgumentException if there are no events, the id is not allowed, or its route is
   *     another one
   * @throws EventNotStorableException if an event cannot be encoded, or a limit is exceeded
   */
  public <E> Append and(
      Category<E> category, String id, ExpectedVersion expected, List<? extends E> events) {
    var more = new ArrayList<>(writes);
    more.add(write(category, id, expected, events));
    return new Append(more, commandId, metadata);
  }

  /**
   * Returns a copy under this command id.
   *
   * @throws IllegalArgumentException if the command id is not allowed
   */
  public Append withCommandId(String id) {
    return new Append(writes, id, metadata);
  }

  /** Returns a copy with this metadata. */
  public Append withMetadata(Metadata other) {
    return new Append(writes, commandId, other);
  }

  /** Returns the route that all its streams share. */
  public String route() {
    return writes.getFirst().stream().route();
  }

  private static <E> StreamWrite write(
      Category<E> category, String id, ExpectedVersion expected, List<? extends E> events) {
    StreamId stream = category.stream(id);
    var encoded = new ArrayList<EncodedEvent>(events.size());
    for (E event : events) {
      encoded.add(category.codec().encode(stream, event));
    }
    return new StreamWrite(stream, expected, encoded);
  }
}
