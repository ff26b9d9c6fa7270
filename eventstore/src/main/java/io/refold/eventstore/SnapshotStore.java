package io.refold.eventstore;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the newest snapshot of each stream beside its events. A snapshot only saves time: it is
 * never the truth, and may be lost or deleted at any moment. Implementations are thread-safe.
 */
public interface SnapshotStore {
  /**
   * A folded state.
   *
   * @param version the version of the last event in it, at least 1
   * @param position that event's position: an event with another one at this version is of another
   *     history
   * @param fingerprint identifies the shape of the state
   * @param state the state, as it may be stored
   * @param recentCommands the ids of the commands that wrote its last events, in a form of the
   *     writer's
   */
  @SuppressWarnings("ArrayRecordComponent") // passed on, never compared
  record Snapshot(
      long version, Position position, String fingerprint, byte[] state, byte[] recentCommands) {}

  /**
   * What one call loads.
   *
   * @param snapshot the newest snapshot, or null if there is none of the wanted fingerprint, it is
   *     damaged, or ahead of its stream
   * @param ignored says why a snapshot that is there is not among the answer; else null
   * @param events with a snapshot the events from its version on, that one included; else the
   *     stream's first
   */
  record Loading(@Nullable Snapshot snapshot, @Nullable String ignored, List<StoredEvent> events) {
    /** Copies the events. */
    public Loading {
      events = List.copyOf(events);
    }
  }

  /**
   * Loads the newest snapshot and the events from there on, in one call.
   *
   * @param stream the stream
   * @param fingerprint the shape of state that the caller understands
   * @param limit how many events at most, 1 to {@value EventStore#MAX_PAGE}
   * @throws StoreUnavailableException if the store cannot be read now
   */
  Loading load(StreamId stream, String fingerprint, int limit);

  /**
   * Saves a snapshot, unless a newer one of the same stream is there, the stream is shorter or
   * deleted, data in it was forgotten since, or more than {@value EventStore#RECOGNISED_EVENTS}
   * events follow. Does not wait. Safe to repeat.
   *
   * @return whether it was saved; fails as other calls throw
   */
  CompletionStage<Boolean> save(StreamId stream, Snapshot snapshot);
}
