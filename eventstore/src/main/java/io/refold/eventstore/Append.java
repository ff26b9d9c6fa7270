package io.refold.eventstore;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Events to be appended to one stream, or to several of one {@linkplain StreamId#route() route},
 * all or none. Immutable; it may be sent again with the same command id, and is then recognised.
 *
 * @param writes what goes into which stream, at least one
 * @param commandId identifies the command that caused the events, 1 to 128 characters; one command,
 *     one append: it must not be used for another one
 * @param metadata stored with every event
 * @param durability what is waited for before it is answered; null leaves it to the store
 */
public record Append(
    List<StreamWrite> writes,
    String commandId,
    Metadata metadata,
    @Nullable Durability durability) {
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
     */
    public StreamWrite {
      events = List.copyOf(events);
      if (events.isEmpty()) {
        throw new IllegalArgumentException("an append to %s has no events".formatted(stream));
      }
    }
  }

  /**
   * Copies and checks the writes.
   *
   * @throws IllegalArgumentException if there is no write, a stream occurs twice, the streams have
   *     different routes, or the command id is not allowed
   */
  public Append {
    writes = List.copyOf(writes);
    Names.commandId(commandId);
    if (writes.isEmpty()) {
      throw new IllegalArgumentException("an append needs at least one stream to write to");
    }
    String route = writes.getFirst().stream().route();
    var streams = new HashSet<StreamId>();
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
    }
  }

  /** Leaves it to the store how durable it has to be. */
  public Append(List<StreamWrite> writes, String commandId, Metadata metadata) {
    this(writes, commandId, metadata, null);
  }

  /**
   * Encodes events for one stream, under a new command id.
   *
   * @throws IllegalArgumentException if there are no events or the id is not allowed
   * @throws EventNotStorableException if an event cannot be encoded
   */
  public static <E> Append of(
      Category<E> category, String id, ExpectedVersion expected, List<? extends E> events) {
    return new Append(
        List.of(write(category, id, expected, events)),
        CommandIds.random(),
        Metadata.empty(),
        null);
  }

  /**
   * Returns a copy that also writes to another stream of the same route, in the same atomic step.
   *
   * @throws IllegalArgumentException if there are no events, the id is not allowed, or its route is
   *     another one
   * @throws EventNotStorableException if an event cannot be encoded
   */
  public <E> Append and(
      Category<E> category, String id, ExpectedVersion expected, List<? extends E> events) {
    var more = new ArrayList<>(writes);
    more.add(write(category, id, expected, events));
    return new Append(more, commandId, metadata, durability);
  }

  /**
   * Returns a copy under this command id.
   *
   * @throws IllegalArgumentException if the command id is not allowed
   */
  public Append withCommandId(String id) {
    return new Append(writes, id, metadata, durability);
  }

  /** Returns a copy with this metadata. */
  public Append withMetadata(Metadata other) {
    return new Append(writes, commandId, other, durability);
  }

  /** Returns a copy that is answered when this level is reached, or its time is over. */
  public Append withDurability(Durability level) {
    return new Append(writes, commandId, metadata, level);
  }

  /**
   * Returns the error for a stream in which the command id stands from something else. For
   * implementations of {@link EventStore}.
   */
  public IllegalArgumentException misuse(StreamId stream) {
    return new IllegalArgumentException(
        "command id '%s' stands in %s already, from another append or mark: one command id, one append"
            .formatted(commandId, stream));
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
