package io.refold.eventstore;

import java.io.Serial;

/**
 * The key of a data subject is missing although the subject was never forgotten: the key store has
 * lost data, and must be restored from its backup.
 */
public final class SubjectKeyLostException extends EventStoreException {
  @Serial private static final long serialVersionUID = 1L;

  /** Names the subject. */
  public SubjectKeyLostException(String subject) {
    super(
        "the key of subject '%s' is missing, and nobody has forgotten it: the key store has lost data, restore it from its backup"
            .formatted(subject),
        null);
  }
}
