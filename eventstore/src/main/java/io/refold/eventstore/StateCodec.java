package io.refold.eventstore;

/**
 * Turns states into what a snapshot holds and back. Implementations are thread-safe.
 *
 * @param <S> the state
 */
public interface StateCodec<S> {
  /**
   * Returns the stored form of a state.
   *
   * @throws IllegalArgumentException if it cannot be written; the message is the reason
   */
  byte[] encode(S state);

  /**
   * Reads a state.
   *
   * @throws IllegalArgumentException if the data cannot be read; the message is the reason
   */
  S decode(byte[] stored);

  /**
   * Identifies the shape and meaning of the states: snapshots with another fingerprint are not
   * used. 1 to 128 characters.
   */
  String fingerprint();

  /**
   * Returns a codec that writes JSON by the rules of {@link EventCodec#json}, and also keeps the
   * zone of a time. States are made of records, sealed types over records, enums, collections,
   * optionals, texts, numbers, UUIDs and {@code java.time}; the keys of maps are texts, numbers,
   * enums, UUIDs or times.
   *
   * @throws IllegalArgumentException if the type, or anything that it holds by its declared types,
   *     could not be read back; names the component
   */
  static <S> JsonStateCodec<S> json(Class<S> type) {
    return new JsonStateCodec<>(type, 1);
  }
}
