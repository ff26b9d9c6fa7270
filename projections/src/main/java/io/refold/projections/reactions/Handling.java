package io.refold.projections.reactions;

import io.refold.eventstore.CommandOutcomeUnknownException;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoredEvent;
import io.refold.projections.EventFailure;
import io.refold.projections.store.Lease;

/** What is done about events, one by one. Thread-safe. */
interface Handling {
  /** Does everything that an event, or a mark, asks for. */
  void handle(StoredEvent event) throws Exception;

  /** Does what is still to be done about an event that is dropped. */
  default void drop(StoredEvent event) {}

  /** Does what is due now in a partition; returns whether anything was. */
  default boolean tick(Lease lease) {
    return false;
  }

  /**
   * Handles an event; what it throws is the event's failure, unless a store is away.
   *
   * @throws EventFailure if the event cannot be handled
   */
  @SuppressWarnings("CatchFail") // whatever a user's code throws is the event's failure
  default void run(StoredEvent event) throws EventFailure {
    try {
      handle(event);
    } catch (CommandOutcomeUnknownException lost) {
      throw new ReplyLostException(String.valueOf(lost.getMessage()), lost);
    } catch (Throwable e) {
      throw EventFailure.of(event, e);
    } finally {
      boolean unused = Thread.interrupted(); // whoever interrupted it meant what it was handling
    }
  }
}
