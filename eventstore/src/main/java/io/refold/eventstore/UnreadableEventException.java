package io.refold.eventstore;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** A stored event cannot be read: its type is unknown or its data broken. It is still stored. */
public final class UnreadableEventException extends EventStoreException {
  @Serial private static final long serialVersionUID = 1L;

  private final transient StoredEvent stored;
  private final String reason;
  private final boolean typeUnknown;

  /**
   * Names an event whose data is broken.
   *
   * @param stored the event as it lies in its stream
   * @param cause whose message is the reason
   */
  public UnreadableEventException(StoredEvent stored, Throwable cause) {
    this(stored, reason(cause), false, cause);
  }

  private UnreadableEventException(
      StoredEvent stored, String reason, boolean typeUnknown, @Nullable Throwable cause) {
    super(
        "event %d of %s (type '%s') cannot be read: %s"
            .formatted(stored.version(), stored.stream(), stored.payload().type(), reason),
        cause);
    this.stored = stored;
    this.reason = reason;
    this.typeUnknown = typeUnknown;
  }

  static UnreadableEventException unknownType(StoredEvent stored, String reason) {
    return new UnreadableEventException(stored, reason, true, null);
  }

  static UnreadableEventException broken(
      StoredEvent stored, String reason, @Nullable Throwable cause) {
    return new UnreadableEventException(stored, reason, false, cause);
  }

  /** Returns the event as it lies in its stream. */
  public StoredEvent stored() {
    return stored;
  }

  /** Returns why, without naming the event. May quote its data. */
  public String reason() {
    return reason;
  }

  /**
   * Returns whether this program does not know the event's type, or not in this version; otherwise
   * the type is known and the data cannot be read.
   */
  public boolean typeUnknown() {
    return typeUnknown;
  }

  private static String reason(Throwable cause) {
    String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : message;
  }
}
