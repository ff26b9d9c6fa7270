package io.refold.eventstore;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Forgets data subjects: their {@linkplain PersonalData personal data} becomes unreadable in all
 * events, however many copies of these there are. Thread-safe.
 *
 * <p>What happens, in this order: the subject's key is destroyed; each stream with data of the
 * subject gets a {@link StreamMark.Forgotten mark}, which deletes the stream's snapshot and makes
 * kept states and rows of projections be folded anew; and the key of the stream's old snapshots is
 * destroyed. From then on events replay with the declared replacements.
 *
 * <p>Limits:
 *
 * <ul>
 *   <li>Other processes may go on reading with a key in their cache, {@link SubjectKeys} says how
 *       long, unless they meet the mark earlier.
 *   <li>What is not marked as personal data stays: ids of streams, of subjects and of rows, command
 *       ids, metadata. So do copies that programs have made: logs, mails, tables of reactions.
 *   <li>A backup of the keys from before brings the data back, together with a backup of the
 *       events. Keep them apart, and delete old backups of the keys.
 * </ul>
 */
public final class Forgetting {
  private static final Logger LOG = LoggerFactory.getLogger(Forgetting.class);
  private static final int ATTEMPTS = 5;
  private static final Duration PAUSE = Duration.ofMillis(200);

  private final EventStore store;
  private final SubjectKeys keys;
  private final List<String> warnings;

  /**
   * What was done.
   *
   * @param subject who was forgotten
   * @param at when the key was destroyed, the first time
   * @param marked the streams that have the mark now
   * @param deleted the streams that had been deleted before and need none
   */
  public record Forgotten(
      String subject, Instant at, List<StreamId> marked, List<StreamId> deleted) {
    /** Copies the lists. */
    public Forgotten {
      marked = List.copyOf(marked);
      deleted = List.copyOf(deleted);
    }
  }

  private Forgetting(EventStore store, SubjectKeys keys) {
    this.store = store;
    this.keys = keys;
    this.warnings = keys.warnings(store);
    for (String warning : warnings) {
      LOG.warn("personal data: {}", warning);
    }
  }

  /**
   * Returns a service for the events of a store, whose codecs have these keys.
   *
   * @throws StoreUnavailableException if a server cannot be reached
   */
  public static Forgetting on(EventStore store, SubjectKeys keys) {
    return new Forgetting(store, keys);
  }

  /**
   * Returns what makes forgetting incomplete, or keys unsafe, with this store and these keys; one
   * sentence each, often none. They are logged, too.
   */
  public List<String> warnings() {
    return warnings;
  }

  /**
   * Forgets a subject, for ever. No personal data can be written for this id any more.
   *
   * <p>Safe to repeat, also after a failure or crash: that completes what is missing. A stream to
   * which more than 256 events were added since gets a second mark, which does no harm. A stream
   * whose first append has failed gets the mark as its first entry.
   *
   * @param subject the subject's id, 1 to 256 characters
   * @throws IllegalArgumentException if the id is not allowed
   * @throws StoreUnavailableException if the keys or the store cannot be written to now; forget
   *     again
   * @throws ReplyLostException if a mark may not have been written; forget again
   */
  public Forgotten forget(String subject) {
    SubjectKeys.Tombstone tombstone = keys.forget(Names.subject(subject));
    var mark = new StreamMark.Forgotten(subject);
    String commandId = commandId(subject);
    var marked = new ArrayList<StreamId>();
    var deleted = new ArrayList<StreamId>();
    for (StreamId stream : tombstone.streams()) {
      (mark(stream, mark, commandId) ? marked : deleted).add(stream);
      // behind the mark: no snapshot of before can be saved under a newer key
      keys.discardSeal(stream);
    }
    return new Forgotten(subject, tombstone.at(), marked, deleted);
  }

  /** Returns false for a deleted stream. */
  private boolean mark(StreamId stream, StreamMark.Forgotten mark, String commandId) {
    AppendResult result = store.mark(stream, mark, ExpectedVersion.any(), commandId);
    for (int attempt = 1; attempt < ATTEMPTS && result instanceof AppendResult.Unknown; attempt++) {
      LockSupport.parkNanos(PAUSE.toNanos());
      result = store.mark(stream, mark, ExpectedVersion.any(), commandId);
    }
    return switch (result) {
      case AppendResult.Appended appended -> true;
      case AppendResult.Refused refused -> false;
      case AppendResult.Unknown unknown ->
          throw new ReplyLostException(
              "the key of subject '%s' is destroyed, but whether %s is marked is not known: forget the subject again"
                  .formatted(mark.subject(), stream),
              unknown.cause());
      case AppendResult.Conflict conflict ->
          throw new IllegalStateException("a mark at any version met a conflict: " + conflict);
    };
  }

  /** The same for every attempt, so that a mark that is there already is recognised. */
  private static String commandId(String subject) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(subject.getBytes(StandardCharsets.UTF_8));
      return "forget-" + Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
