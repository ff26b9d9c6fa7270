package io.refold.eventstore;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An event cannot be stored: its class is unknown, its type begins with {@code $}, it or its append
 * is too large, or it has personal data of somebody who was forgotten.
 */
public final class EventNotStorableException extends EventStoreException {
  private static final long serialVersionUID = 1L;

  /**
   * Says which event and why; nothing was written.
   *
   * @param message names the event and the way out
   * @param cause what the encoder said, if it was asked
   */
  public EventNotStorableException(String message, @Nullable Throwable cause) {
    super(message + " (nothing was written)", cause);
  }

  /**
   * Says that an event has personal data of a subject who was {@linkplain Forgetting forgotten}.
   */
  public static EventNotStorableException ofForgotten(String subject, Instant at) {
    return new EventNotStorableException(
        "subject '%s' was forgotten at %s: use another subject id".formatted(subject, at), null);
  }
}
