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
   * Handles an event in a thread of the workers: whoever interrupts that means the event.
   *
   * @throws EventFailure if the event cannot be handled
   */
  default void runInWorker(StoredEvent event) throws EventFailure {
    try {
      run(event);
    } finally {
      boolean unused = Thread.interrupted();
    }
  }

  /**
   * Handles an event; what it throws is the event's failure, unless a store is away. A thread that
   * was interrupted stays so.
   *
   * @throws EventFailure if the event cannot be handled
   */
  @SuppressWarnings("CatchFail") // whatever a user's code throws is the event's failure
  default void run(StoredEvent event) throws EventFailure {
    try {
      handle(event);
    } catch (CommandOutcomeUnknownException lost) {
      throw new ReplyLostException(String.valueOf(lost.getMessage()), lost);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw EventFailure.of(event, e);
    } catch (Throwable e) {
      throw EventFailure.of(event, e);
    }
  }
}
