package io.refold.eventstore;

import java.io.Serial;

/** A stored event cannot be read: its type is unknown or its data broken. It is still stored. */
public final class UnreadableEventException extends EventStoreException {
  @Serial private static final long serialVersionUID = 1L;

  private final transient StoredEvent stored;

  /**
   * Names the event.
   *
   * @param stored the event as it lies in its stream
   * @param cause whose message is the reason
   */
  public UnreadableEventException(StoredEvent stored, Throwable cause) {
    super(
        "event %d of %s (type '%s') cannot be read: %s"
            .formatted(
                stored.version(), stored.stream(), stored.payload().type(), cause.getMessage()),
        cause);
    this.stored = stored;
  }

  /** Returns the event as it lies in its stream. */
  public StoredEvent stored() {
    return stored;
  }
}
