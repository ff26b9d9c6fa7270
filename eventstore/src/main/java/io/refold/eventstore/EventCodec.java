package io.refold.eventstore;

import java.util.List;

/**
 * Turns events into what is stored and back. Implementations are thread-safe.
 *
 * @param <E> the events of one category
 */
public interface EventCodec<E> {
  /**
   * Returns the stored form of an event.
   *
   * @param stream where it will be stored
   * @param event the event
   * @throws EventNotStorableException if the event's class has no logical name here or cannot be
   *     written
   */
  EncodedEvent encode(StreamId stream, E event);

  /**
   * Returns the events that a stored one stands for today: normally one; none or several where the
   * model has changed since.
   *
   * @throws UnreadableEventException if the type is unknown or the data cannot be read
   * @throws IllegalArgumentException likewise, from codecs that do not tell one from the other; the
   *     message is the reason without naming the stream
   */
  List<E> decode(StoredEvent stored);

  /**
   * Returns how states that were folded from these events are kept outside this process; by default
   * as they are.
   */
  default Protection protection() {
    return Protection.NONE;
  }

  /**
   * Returns a codec that writes JSON and names each event after its record: {@code PenaltyAdded} is
   * stored as {@code penalty-added}. The names come from the sealed hierarchy below {@code root},
   * so every event is known when the codec is made.
   *
   * <p>What is read back must equal what was written: a state in memory is folded from events as
   * they were decided, every other one from events as they are stored. That holds for records of
   * numbers, texts, times, enums, collections and further records; it does not for a {@code
   * SortedSet} with its own comparator, for a constructor that changes what it wrote itself, or for
   * what Jackson is told not to write. {@link GoldenEvents} checks it with samples.
   *
   * <p>Null components are not written. When reading, unknown properties are ignored, so that an
   * older process can read what a newer one wrote; missing ones are null, and a missing primitive
   * is an error. A component whose type is sealed over records tells by a property {@code $type}
   * which record it is, named in the same way; annotations of Jackson's on that type rule instead.
   *
   * @throws IllegalArgumentException if {@code root} is neither a record nor a sealed type over
   *     records, two records share a simple name, or a map has keys that cannot be read back
   * @see #jsonBuilder
   */
  static <E> EventCodec<E> json(Class<E> root) {
    return jsonBuilder(root).build();
  }

  /**
   * Starts building a codec that writes JSON as {@link #json} does, and also reads what earlier
   * programs wrote before events were renamed or changed.
   */
  static <E> JsonEventCodecBuilder<E> jsonBuilder(Class<E> root) {
    return new JsonEventCodecBuilder<>(root);
  }
}
