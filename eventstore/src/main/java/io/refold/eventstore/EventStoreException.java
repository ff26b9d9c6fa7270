package io.refold.eventstore;

import org.jspecify.annotations.Nullable;

/** The root of what can go wrong on the write side. */
public abstract sealed class EventStoreException extends RuntimeException
    permits CommandException,
        EventNotStorableException,
        ReplyLostException,
        StoreDamagedException,
        StoreMisconfiguredException,
        StoreUnavailableException,
        SubjectKeyLostException,
        UnreadableEventException {
  private static final long serialVersionUID = 1L;

  EventStoreException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
