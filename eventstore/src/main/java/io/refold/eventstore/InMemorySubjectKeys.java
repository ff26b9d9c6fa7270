package io.refold.eventstore;

import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.crypto.SecretKey;
import org.jspecify.annotations.Nullable;

/**
 * Keeps keys in memory: the readable reference, and for tests. With it, personal data can be read
 * no longer than the process lives.
 */
public final class InMemorySubjectKeys implements SubjectKeys {
  private final Clock clock;
  private final Map<String, Subject> subjects = new HashMap<>();
  private final Map<StreamId, SecretKey> seals = new HashMap<>();

  private static final class Subject {
    private final Set<StreamId> streams = new LinkedHashSet<>();
    private @Nullable SecretKey key;
    private @Nullable Instant forgotten;
  }

  /** Returns an empty key store with the system's clock. */
  public InMemorySubjectKeys() {
    this(Clock.systemUTC());
  }

  /**
   * Returns an empty key store.
   *
   * @param clock says when subjects are forgotten
   */
  public InMemorySubjectKeys(Clock clock) {
    this.clock = clock;
  }

  @Override
  public synchronized SecretKey forWriting(String subject, StreamId stream) {
    Subject known = subjects.computeIfAbsent(subject, id -> new Subject());
    if (known.forgotten != null) {
      throw EventNotStorableException.ofForgotten(subject, known.forgotten);
    }
    SecretKey key = known.key == null ? PersonalCipher.newKey() : known.key;
    known.key = key;
    known.streams.add(stream);
    return key;
  }

  @Override
  public synchronized Optional<SecretKey> forReading(String subject) {
    Subject known = subjects.get(subject);
    if (known == null) {
      throw new SubjectKeyLostException(subject);
    }
    return Optional.ofNullable(known.key);
  }

  @Override
  public synchronized Tombstone forget(String subject) {
    Subject known = subjects.computeIfAbsent(subject, id -> new Subject());
    Instant at = known.forgotten == null ? clock.instant() : known.forgotten;
    known.forgotten = at;
    known.key = null;
    return new Tombstone(at, List.copyOf(known.streams));
  }

  /** Does nothing: there is no cache. */
  @Override
  public void forgotten(String subject) {}

  @Override
  public synchronized SecretKey forSealing(StreamId stream) {
    return seals.computeIfAbsent(stream, id -> PersonalCipher.newKey());
  }

  @Override
  public synchronized Optional<SecretKey> forOpening(StreamId stream) {
    return Optional.ofNullable(seals.get(stream));
  }

  @Override
  public synchronized void discardSeal(StreamId stream) {
    seals.remove(stream);
  }

  @Override
  public List<String> warnings(EventStore store) {
    return store instanceof InMemoryEventStore
        ? List.of()
        : List.of(
            "the keys are only in this process's memory: when it ends, all personal data in the"
                + " store is lost; use RedisSubjectKeys");
  }

  /** Does nothing: memory needs no release. */
  @Override
  public void close() {}
}
