package io.refold.eventstore;

import java.io.Serial;

/**
 * What lies in the store is not what was written there: it was changed by hand, or restored in
 * part. Nothing was written. It does not pass by itself: restore the server from a backup.
 */
public final class StoreDamagedException extends EventStoreException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Names what is damaged.
   *
   * @param what the thing as a person would look for it
   * @param cause why it cannot be read
   */
  public StoreDamagedException(String what, Throwable cause) {
    super(
        "%s is damaged: %s (it was changed from outside; restore it from a backup)"
            .formatted(what, reason(cause)),
        cause);
  }

  private static String reason(Throwable cause) {
    return cause instanceof IllegalArgumentException || cause instanceof IllegalStateException
        ? String.valueOf(cause.getMessage())
        : "it has not the form in which it is written";
  }
}
