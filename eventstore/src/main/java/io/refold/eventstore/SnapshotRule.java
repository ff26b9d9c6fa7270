package io.refold.eventstore;

/**
 * When to save a snapshot. Asked after each append that a handler made; must be quick.
 *
 * @param <S> the state
 */
@FunctionalInterface
public interface SnapshotRule<S> {
  /**
   * Tells whether to save this state.
   *
   * @param now the state after the append
   * @param snapshotVersion the version of the newest snapshot that the handler knows, 0 if none
   */
  boolean due(Loaded<S> now, long snapshotVersion);

  /**
   * Saves whenever so many events have been written since the newest snapshot.
   *
   * @throws IllegalArgumentException if the number is less than 1
   */
  static <S> SnapshotRule<S> every(int events) {
    if (events < 1) {
      throw new IllegalArgumentException("a snapshot every %d events cannot be".formatted(events));
    }
    return (now, snapshotVersion) -> now.version() - snapshotVersion >= events;
  }
}
