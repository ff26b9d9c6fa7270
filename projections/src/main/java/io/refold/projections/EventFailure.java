package io.refold.projections;

import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StoredEvent;
import java.io.Serial;

/** An event that cannot be applied: which, and why. */
public final class EventFailure extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  private final transient StoredEvent event;

  EventFailure(StoredEvent event, Throwable cause) {
    super(
        "event %d of %s (type '%s', position %s) cannot be applied: %s"
            .formatted(
                event.version(), event.stream(), event.payload().type(), event.position(), cause),
        cause);
    this.event = event;
  }

  /**
   * Returns the failure of an event from what its code has thrown.
   *
   * @throws OutOfMemoryError if it is that: no fault of the event
   * @throws io.refold.eventstore.StoreUnavailableException if it is that, or a lost reply: nothing
   *     is wrong with the event, its store is away
   */
  public static EventFailure of(StoredEvent event, Throwable thrown) {
    return switch (thrown) {
      case OutOfMemoryError exhausted -> throw exhausted;
      case StoreUnavailableException away -> throw away;
      case ReplyLostException away -> throw away;
      case EventFailure failure -> failure;
      default -> new EventFailure(event, thrown);
    };
  }

  /** Returns the event. */
  public StoredEvent event() {
    return event;
  }

  /** Returns which event it is, and why it cannot be applied. */
  String reason() {
    return String.valueOf(getMessage());
  }
}
