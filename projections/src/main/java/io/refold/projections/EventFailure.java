package io.refold.projections;

import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StoredEvent;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** An event that cannot be applied: which, and why. */
public final class EventFailure extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  private static final int DEEPEST = 20;

  private final transient StoredEvent event;

  EventFailure(StoredEvent event, Throwable cause) {
    super(
        "event %d of %s (type '%s', position %s) cannot be applied: %.1000s"
            .formatted(
                event.version(), event.stream(), event.payload().type(), event.position(), cause),
        cause);
    this.event = event;
  }

  /**
   * Returns the failure of an event from what its code has thrown.
   *
   * @throws OutOfMemoryError if that is behind it: no fault of the event
   * @throws io.refold.eventstore.StoreUnavailableException if that is behind it, or a lost reply:
   *     nothing is wrong with the event, its store is away
   */
  public static EventFailure of(StoredEvent event, Throwable thrown) {
    @Nullable Throwable cause = thrown;
    for (int depth = 0; cause != null && depth < DEEPEST; depth++) { // others may have wrapped it
      if (cause instanceof OutOfMemoryError exhausted) {
        throw exhausted;
      }
      if (cause instanceof StoreUnavailableException || cause instanceof ReplyLostException) {
        throw (RuntimeException) cause;
      }
      cause = cause.getCause();
    }
    return thrown instanceof EventFailure failure ? failure : new EventFailure(event, thrown);
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
