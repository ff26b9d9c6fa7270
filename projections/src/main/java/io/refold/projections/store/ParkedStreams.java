package io.refold.projections.store;

import io.refold.eventstore.StreamId;
import io.refold.projections.store.Subscriptions.Outcome;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * What is parked and dropped in a partition's slot, for each generation. Only the partition's owner
 * changes it, under its lease; everybody else asks. Every call is atomic. Thread-safe.
 *
 * <p>Every method throws {@link io.refold.eventstore.StoreUnavailableException} if the store cannot
 * be reached and nothing was done, and {@link io.refold.eventstore.ReplyLostException} if it is not
 * known.
 */
public interface ParkedStreams {
  /** What somebody asks the owner to do with a parked stream. */
  sealed interface Request {
    /** Returns the stream. */
    StreamId stream();

    /** Apply it from its failing event on. */
    record Retry(StreamId stream) implements Request {}

    /**
     * Leave its failing event out for good, and apply what follows.
     *
     * @param stream the stream
     * @param version the failing event's version; nothing is done if another one is parked
     * @param reason goes on record
     */
    record Drop(StreamId stream, long version, String reason) implements Request {}
  }

  /** Returns what is parked and dropped, or empty if the lease is not held any more. */
  Optional<Parking> load(Lease lease);

  /**
   * Parks a stream, or moves the event from which on it is parked; what was asked about it counts
   * as done. Attempts are added to those on record; the time when it was first parked stays.
   *
   * @param version the first version that waits
   * @param error why; empty leaves what is on record
   * @param attempts how often the event was tried since the last record
   */
  Outcome park(Lease lease, StreamId stream, long version, String error, int attempts);

  /**
   * Parks a stream as {@link #park} does, untried, and asks for it to be retried, in one step: what
   * has moved on without its record is never left waiting for somebody to ask.
   */
  Outcome parkAgain(Lease lease, StreamId stream, long version, String error);

  /**
   * Moves the event from which on a stream is parked; everything else on record stays, also what
   * was asked about it. Does nothing if the stream is not parked.
   */
  Outcome advance(Lease lease, StreamId stream, long version);

  /** Takes a stream off the record, with what was asked about it. */
  Outcome unpark(Lease lease, StreamId stream);

  /**
   * Records dropped events, those on record excepted, and parks the stream of each that is parked
   * at it from the next event on, to be retried.
   */
  Outcome drop(Lease lease, Collection<EventAddress> events, String reason);

  /** Returns what was asked about parked streams; empty if the lease is not held any more. */
  Optional<List<Request>> requests(Lease lease);

  /**
   * Asks the owner for something. A retry does not replace a drop that is asked for: what follows
   * the dropped event is applied anyway.
   *
   * @return false if the stream is not parked, or, for a drop, not at the version that it names, or
   *     if a retry is asked for, which will tell whether the event still fails
   */
  boolean ask(int partition, Generation generation, Request request);

  /** Returns what was asked and is not done yet, for anybody, in no order. */
  List<Request> asked(int partition, Generation generation);

  /** Returns what is parked, in no order. */
  List<ParkedStream> parked(int partition, Generation generation);

  /** Returns what was dropped, in no order. */
  List<DroppedEvent> dropped(int partition, Generation generation);

  /**
   * Puts what was dropped in one generation on the record of another that has no keys in the
   * partition yet. Does nothing once it has: it may have applied what was dropped since.
   */
  void inherit(int partition, Generation fresh, Generation old);
}
