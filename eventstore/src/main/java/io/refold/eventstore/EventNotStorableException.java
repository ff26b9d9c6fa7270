package io.refold.eventstore;

import org.jspecify.annotations.Nullable;

/** An event cannot be stored: its class is unknown, or it or its append is too large. */
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
}
