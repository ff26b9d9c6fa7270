package io.refold.eventstore;

/**
 * Turns states into what a snapshot holds and back. Implementations are thread-safe.
 *
 * @param <S> the state
 */
public interface StateCodec<S> {
  /** Returns the stored form of a state. */
  byte[] encode(S state);

  /**
   * Reads a state.
   *
   * @throws IllegalArgumentException if the data cannot be read; the message is the reason
   */
  S decode(byte[] stored);

  /**
   * Identifies the shape of the states: snapshots with another fingerprint are not used. 1 to 128
   * characters.
   */
  String fingerprint();
}
