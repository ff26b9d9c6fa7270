package io.refold.projections.store;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Hands the log entries of a partition out to several consumers at a time, each entry to one of
 * them, until it is settled. What a consumer does not settle comes to another one once nobody has
 * asked for it to be kept for a while. Every call is atomic. Thread-safe.
 *
 * <p>Every method throws {@link io.refold.eventstore.StoreUnavailableException} if the store cannot
 * be reached and nothing was done, and {@link io.refold.eventstore.ReplyLostException} if it is not
 * known; an entry whose delivery was lost so is delivered again after a while.
 */
public interface Deliveries {
  /**
   * Who consumes.
   *
   * @param generation the generation
   * @param partition the partition
   * @param name of the process
   */
  record Consumer(Generation generation, int partition, String name) {}

  /** What asking for an entry led to. */
  sealed interface Delivery {
    /**
     * An entry to be handled and settled.
     *
     * @param entry the entry
     */
    record Entry(LogEntry entry) implements Delivery {}

    /** Only entries without wanted events were found; there may be more. */
    record More() implements Delivery {}

    /** There is nothing new. */
    record Nothing() implements Delivery {}

    /** Refused: the log does not hold what was settled before any more. */
    record Lost() implements Delivery {}
  }

  /**
   * What looking after a partition led to.
   *
   * @param claimed an entry that nobody has kept, now ours
   * @param moved whether what is settled has moved on
   */
  record Tended(Optional<LogEntry> claimed, boolean moved) {}

  /**
   * An event that could not be handled.
   *
   * @param event the event
   * @param error why, at the last attempt
   * @param attempts how often it was tried
   * @param since when it was recorded
   */
  record Failed(EventAddress event, String error, int attempts, Instant since) {}

  /** Returns the next entry with events of the categories; settles those without on the way. */
  Delivery next(Consumer consumer, Set<String> categories);

  /**
   * Looks after a partition: takes one entry over that was neither delivered nor kept for a while,
   * moves what is settled behind all entries before the first one under way, and forgets consumers
   * that have nothing and were not seen for a while.
   *
   * @param idle how long that is
   * @param lease how long the consumer is shown as owner
   */
  Tended tend(Consumer consumer, Duration idle, Duration lease);

  /** Asks for entries to be kept, as far as they are still the consumer's. */
  void keep(Consumer consumer, Collection<Position> entries);

  /**
   * Settles an entry and records what of it has failed, instead of what was on record of it; does
   * nothing if the entry is not the consumer's any more.
   */
  void settle(Consumer consumer, Position entry, Collection<Failed> failed);

  /**
   * Records that the partition stands still because the log does not hold what was settled.
   *
   * @param problem why, {@link Subscriptions#LOST} first
   */
  void lost(Consumer consumer, String problem);

  /** Forgets a consumer that has nothing under way. */
  void leave(Consumer consumer);

  /** Returns what has failed and was neither removed nor dropped. */
  List<Failed> failed(int partition, Generation generation);

  /** Replaces why a recorded event fails and how often it was tried; false if it is not there. */
  boolean replace(int partition, Generation generation, Failed failed);

  /** Removes a record, because the event was handled; false if there is none. */
  boolean remove(int partition, Generation generation, EventAddress event);

  /**
   * Turns a record into that of a dropped event, see {@link ParkedStreams#dropped}; false if there
   * is none.
   */
  boolean drop(int partition, Generation generation, EventAddress event, String reason);
}
