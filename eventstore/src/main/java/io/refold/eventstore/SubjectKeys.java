package io.refold.eventstore;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import javax.crypto.SecretKey;

/**
 * Keeps an AES key per data subject, and in which streams it was used. Whoever destroys the key
 * makes the subject's data unreadable everywhere: in streams, replicas and backups of the events.
 *
 * <p>Beside these it keeps a key per stream, for the stream's snapshots. Implementations are
 * thread-safe; all calls block. Each throws {@link StoreUnavailableException} if the keys cannot be
 * reached now; it can be repeated then.
 */
public interface SubjectKeys extends AutoCloseable {
  /**
   * What remains of a forgotten subject.
   *
   * @param at when it was forgotten, for the first time
   * @param streams where its key had been used
   */
  record Tombstone(Instant at, List<StreamId> streams) {
    /** Copies the streams. */
    public Tombstone {
      streams = List.copyOf(streams);
    }
  }

  /**
   * Returns a subject's key, and makes it if there is none. The key, and that it is used in this
   * stream, are durable before this returns.
   *
   * @param subject 1 to 256 characters, no control characters
   * @param stream where data of the subject is about to be written
   * @throws EventNotStorableException if the subject was forgotten
   * @throws SubjectKeyLostException if the key has been used, but is missing
   */
  SecretKey forWriting(String subject, StreamId stream);

  /**
   * Returns a subject's key; empty if the subject was forgotten.
   *
   * @throws SubjectKeyLostException if there is no key and the subject was not forgotten
   */
  Optional<SecretKey> forReading(String subject);

  /**
   * Destroys a subject's key, for ever: the id cannot be used again. Durable before this returns.
   * Safe to repeat; the streams are told each time.
   */
  Tombstone forget(String subject);

  /**
   * Takes notice that a subject may have been forgotten by another process: what is cached of it,
   * and keys of snapshots, are dropped.
   */
  void forgotten(String subject);

  /** Returns the key of a stream's snapshots, and makes it if there is none. */
  SecretKey forSealing(StreamId stream);

  /** Returns the key of a stream's snapshots; empty if there is none, or none any more. */
  Optional<SecretKey> forOpening(StreamId stream);

  /**
   * Destroys the key of a stream's snapshots; later ones get a new key. Durable before this
   * returns. Safe to repeat.
   */
  void discardSeal(StreamId stream);

  /**
   * Returns what makes forgetting incomplete, or keys unsafe, where these keys are used with this
   * store; one sentence each, often none.
   */
  List<String> warnings(EventStore store);

  /** Releases connections and forgets cached keys. */
  @Override
  void close();
}
