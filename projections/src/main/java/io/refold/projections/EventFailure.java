package io.refold.projections;

import io.refold.eventstore.StoredEvent;
import java.io.Serial;

/** An event that cannot be applied: which, and why. Nothing of its batch was written. */
final class EventFailure extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  private final int entry;
  private final String reason;

  /**
   * Names the event.
   *
   * @param entry the index of its log entry within the batch
   */
  EventFailure(int entry, StoredEvent event, Throwable cause) {
    super(cause);
    this.entry = entry;
    this.reason =
        "event %d of %s (type '%s', position %s) cannot be applied: %s"
            .formatted(
                event.version(), event.stream(), event.payload().type(), event.position(), cause);
  }

  /** Returns which event it is, and why it cannot be applied. */
  String reason() {
    return reason;
  }

  int entry() {
    return entry;
  }
}
