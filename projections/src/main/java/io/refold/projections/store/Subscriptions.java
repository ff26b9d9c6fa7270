package io.refold.projections.store;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What lies in a partition's slot for each generation: its lease, its place in the log, and what is
 * settled. Every call is atomic. Thread-safe.
 *
 * <p>Every method throws {@link io.refold.eventstore.StoreUnavailableException} if the store cannot
 * be reached and nothing was done, and {@link io.refold.eventstore.ReplyLostException} if it is not
 * known; a partition is then taken over anew.
 */
public interface Subscriptions {
  /** What a problem begins with if history was lost: nobody gets the lease then. */
  String LOST = "lost: ";

  /** What trying to take a lease led to. */
  sealed interface Acquisition {
    /**
     * The lease is ours.
     *
     * @param lease with a new, higher epoch
     */
    record Granted(Lease lease) implements Acquisition {}

    /**
     * Somebody else has it, or nobody may have it because history was lost.
     *
     * @param owner who, or empty
     */
    record Held(String owner) implements Acquisition {}

    /** A rebuild that is about to switch has taken it for good. */
    record Fenced() implements Acquisition {}

    /** This generation has no keys in the partition: it is not there yet, or not any more. */
    record Gone() implements Acquisition {}
  }

  /** What a fenced write led to. */
  enum Outcome {
    /** It was done. */
    DONE,
    /** Refused: owner or epoch are not the lease's any more. */
    NOT_OWNER,
    /** Refused: the log does not hold the position any more. */
    LOST
  }

  /** What a fenced reading of the log led to. */
  sealed interface Reading {
    /**
     * Log entries in order, maybe none.
     *
     * @param entries the entries
     * @param end whether nothing more was there to be read, with or without these entries
     */
    record Entries(List<LogEntry> entries, boolean end) implements Reading {
      /** Copies the list. */
      public Entries {
        entries = List.copyOf(entries);
      }
    }

    /** Refused: owner or epoch are not the lease's any more. */
    record NotOwner() implements Reading {}

    /** Refused: the log does not hold what was read before any more. */
    record Lost() implements Reading {}

    /** There is nothing up to the generation's bound; it may move, or go. */
    record Bounded() implements Reading {}
  }

  /**
   * How far a partition's worker has come.
   *
   * @param settled everything up to here is applied
   * @param events how many events the log had up to there
   * @param outdated how many marks up to there tell of data that rows still have
   * @param grouped whether new entries come through the consumer group; else the history is read
   * @param shards the checkpoint committed in each shard when it was settled
   * @param problem why it does not go on; empty if it does
   */
  record State(
      Position settled,
      long events,
      long outdated,
      boolean grouped,
      Map<Integer, Position> shards,
      String problem) {
    /** Copies the map. */
    public State {
      shards = Map.copyOf(shards);
    }

    /** Returns the state of a partition before its first event. */
    public static State origin(int partition) {
      return new State(Position.origin(partition), 0, 0, false, Map.of(), "");
    }
  }

  /**
   * A place up to which everything is applied.
   *
   * @param last the last log entry
   * @param events how many events the log has up to there
   * @param outdated how many marks up to there tell of data that rows still have
   * @param acknowledged the entries to acknowledge to the group; none while history is read
   * @param shards the checkpoint of each shard that was written to
   */
  record Settlement(
      Position last,
      long events,
      long outdated,
      List<Position> acknowledged,
      Map<Integer, Position> shards) {
    /** Copies both collections. */
    public Settlement {
      acknowledged = List.copyOf(acknowledged);
      shards = Map.copyOf(shards);
    }
  }

  /**
   * A place in a log.
   *
   * @param last the last log entry before it
   * @param events how many events the log has up to there
   */
  record Place(Position last, long events) {
    /** Returns the place before a partition's first event. */
    public static Place origin(int partition) {
      return new Place(Position.origin(partition), 0);
    }
  }

  /**
   * A lease taken by a rebuild.
   *
   * @param lease without expiry
   * @param settled how far the fenced generation had come
   */
  record Fence(Lease lease, Position settled) {}

  /** Whether an awaited position has been applied. */
  enum Arrival {
    /** Applied. */
    APPLIED,
    /** Passed, but an event of that append is parked. */
    PARKED,
    /** Not yet. */
    PENDING,
    /** The log does not hold that position. */
    LOST,
    /** The generation is not there. */
    GONE
  }

  /**
   * What an onlooker sees of a partition.
   *
   * @param state how far it has come
   * @param owner who holds an unexpired lease, or empty
   * @param fenced whether a rebuild holds it for the switch
   * @param head the newest log entry
   * @param headEvents how many events the log has in all
   * @param rate how many events were settled per second lately, over one to some ten seconds
   * @param attempts how often the next event has been tried and has failed
   * @param parked how many streams are parked, or single events where order does not matter
   */
  record Outlook(
      State state,
      String owner,
      boolean fenced,
      Position head,
      long headEvents,
      double rate,
      int attempts,
      int parked) {}

  /**
   * Takes the lease if it is free, expired (also if it expires later than one length from now), or
   * held by the same owner. The epoch becomes the highest of the old one plus 1, the store's clock
   * in microseconds, and {@code minEpoch}.
   */
  Acquisition acquire(
      Generation generation, int partition, String owner, Duration length, long minEpoch);

  /** Extends leases of one partition; returns those that are still held. */
  List<Lease> renew(int partition, List<Lease> leases, Duration length);

  /** Gives a lease back; does nothing if it is not held any more. */
  void release(Lease lease);

  /** Returns the state, or empty if the lease is not held any more. */
  Optional<State> state(Lease lease);

  /** Returns those positions that the log does not hold with exactly this id. */
  List<Position> missing(int partition, Collection<Position> positions);

  /**
   * Reads entries that were delivered to the group and not acknowledged, from the first.
   *
   * @param last what was read last; refused as lost if the log does not hold it
   */
  Reading pending(Lease lease, Position last, int count);

  /**
   * Reads entries that the group has not delivered yet, and marks them delivered.
   *
   * @param last what was read last; refused as lost if the log does not hold it
   */
  Reading next(Lease lease, Position last, int count);

  /**
   * Reads entries behind a position, without the group, and none behind the bound that the
   * generation may have.
   *
   * @param last what was read last; refused as lost if the log does not hold it
   */
  Reading range(Lease lease, Position last, int count);

  /** Creates the group at exactly this position and settles it, in one step. */
  Outcome handOver(Lease lease, Position last);

  /** Moves what is settled forward, never back, and acknowledges, in one step. */
  Outcome settle(Lease lease, Settlement settlement);

  /**
   * Records why the partition does not go on.
   *
   * @param problem the reason; empty means that it goes on
   * @param attempts how often the next event has been tried and has failed
   */
  Outcome report(Lease lease, String problem, int attempts);

  /** Creates the keys of a generation, to be filled from zero; does nothing if they exist. */
  default void create(int partition, Generation generation) {
    create(partition, generation, Place.origin(partition));
  }

  /**
   * Creates the keys of a generation, to be filled from what lies behind a place; does nothing if
   * they exist.
   */
  void create(int partition, Generation generation, Place behind);

  /**
   * Puts a generation that has lost its history behind another place, with nothing parked and
   * nothing dropped.
   *
   * @return whether it was; false if its history is not lost
   */
  boolean startAnew(int partition, Generation generation, Place behind);

  /**
   * Sets up to where a generation is filled and no further; does nothing if it has no keys in the
   * partition.
   *
   * @param until the last position that is read; the origin for none
   */
  void bound(Generation generation, Position until);

  /**
   * Takes the old generation's lease for the switch, without expiry; repeating it keeps the epoch
   * from falling.
   *
   * @return empty if the old or the fresh generation has no keys in the partition
   */
  Optional<Fence> fence(int partition, Generation old, Generation fresh);

  /** Deletes the keys of a fresh generation and gives the old one its lease back, in one step. */
  void cancel(int partition, Generation fresh, Generation old);

  /** Deletes the keys of a generation and its group. */
  void delete(int partition, Generation generation);

  /**
   * Waits before a position is asked about, for a pause. Whoever knows of the worker that will
   * settle it may wait for that instead, a tenth of a second at most. An interrupt ends it and
   * stays set.
   *
   * @param most how long at most in any case
   */
  default void linger(Generation generation, Position position, Duration pause, Duration most) {
    try {
      Thread.sleep(pause.compareTo(most) < 0 ? pause : most);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Tells whether a position is settled and still in the log. */
  Arrival arrival(Generation generation, Position position);

  /** Returns what an onlooker sees, or empty if the generation has no keys in the partition. */
  Optional<Outlook> outlook(int partition, Generation generation);
}
