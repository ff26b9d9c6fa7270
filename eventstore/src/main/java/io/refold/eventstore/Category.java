package io.refold.eventstore;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A kind of aggregate: a name and the codec of its events. Make one constant per aggregate type and
 * share it between handlers and projections. Immutable and thread-safe.
 *
 * @param name 1 to 64 characters, none of them {@code :}, <code>{</code>, <code>}</code> or a
 *     control character
 * @param codec stores and reads the events
 * @param <E> the events
 */
public record Category<E>(String name, EventCodec<E> codec) {
  /**
   * Checks the name.
   *
   * @throws IllegalArgumentException if the name is not allowed
   */
  public Category {
    Names.category(name);
  }

  /**
   * Returns a category.
   *
   * @throws IllegalArgumentException if the name is not allowed
   */
  public static <E> Category<E> of(String name, EventCodec<E> codec) {
    return new Category<>(name, codec);
  }

  /**
   * Names the stream of the aggregate with this id.
   *
   * @throws IllegalArgumentException if the id is not allowed
   */
  public StreamId stream(String id) {
    return new StreamId(name, id);
  }

  /**
   * Reads a stored event of this category: one typed event, or as many as the codec makes of it,
   * all at the same version and position; none for a {@link StreamMark}. Where the mark says that
   * data was forgotten, the codec's {@link Protection} takes notice.
   *
   * @throws UnreadableEventException if the codec cannot read it
   */
  public List<Recorded<E>> read(StoredEvent stored) {
    Optional<StreamMark> mark = StreamMark.of(stored);
    if (mark.isPresent()) {
      if (mark.get() instanceof StreamMark.Forgotten(String subject)) {
        codec.protection().forgotten(subject);
      }
      return List.of();
    }
    List<E> events;
    try {
      events = codec.decode(stored);
    } catch (IllegalArgumentException e) {
      throw new UnreadableEventException(stored, e);
    }
    if (events.size() == 1) {
      return List.of(new Recorded<>(stored, events.getFirst()));
    }
    var recorded = new ArrayList<Recorded<E>>(events.size());
    for (E event : events) {
      recorded.add(new Recorded<>(stored, event));
    }
    return recorded;
  }
}
