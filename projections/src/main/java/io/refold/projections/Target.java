package io.refold.projections;

import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.projections.store.Heads;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Parking;
import java.util.List;
import java.util.Map;

/**
 * What the events of one generation do, and where: rows, tables of a database, or effects outside.
 * The engine reads the events, in order, and decides which wait; the target applies them.
 * Thread-safe: partitions are worked on by several threads, each partition by one at a time.
 *
 * <p>Every method throws {@link io.refold.eventstore.StoreUnavailableException} if its store cannot
 * be reached and nothing was done, and {@link io.refold.eventstore.ReplyLostException} if it is not
 * known; neither counts as a failure of an event.
 */
public interface Target {
  /** What applying events led to. */
  sealed interface Result {
    /**
     * Every shard has them.
     *
     * @param shards the checkpoint of each shard that was touched
     * @param outdating the marks that tell of data which is in rows that were left as they are
     */
    record Applied(Map<Integer, Position> shards, List<StoredEvent> outdating) implements Result {
      /** Copies both collections. */
      public Applied {
        shards = Map.copyOf(shards);
        outdating = List.copyOf(outdating);
      }
    }

    /** Refused: the lease is not ours any more. */
    record NotOwner() implements Result {}

    /** The generation has been dropped. */
    record Gone() implements Result {}

    /**
     * Events that a row is folded from are not in their streams any more.
     *
     * @param what which
     */
    record Lost(String what) implements Result {}

    /**
     * A shard is behind what was recorded when settling: the partition must be taken over anew.
     *
     * @param shard which
     */
    record Regressed(int shard) implements Result {}
  }

  /** What applying a parked event led to. */
  enum Retried {
    /** Every shard that has passed the event has it. */
    DONE,
    /** Others have changed the same rows meanwhile; try again later. */
    LATER,
    /** Refused: the lease is not ours any more. */
    NOT_OWNER,
    /** The generation has been dropped. */
    GONE
  }

  /**
   * Tells whether applying events twice is to be rare: each append is settled on its own then, and
   * few are read at once. Many are, unless overridden.
   */
  default boolean careful() {
    return false;
  }

  /**
   * Does what is to be done by now though no event has come. Called by a partition's owner about
   * once a second while its log has nothing new, so it must be cheap.
   *
   * @return whether something was done; it is called again at once then
   */
  default boolean tick(Lease lease) {
    return false;
  }

  /** Returns the way back where history was lost, as an operator is told it. */
  default String remedy() {
    return "rebuild the projection";
  }

  /** Returns the heads of its shards; never asked where the generation's shape has no shards. */
  Heads heads();

  /**
   * Applies events to every shard that has not passed them. Applying them again changes nothing.
   * Events that are parked or dropped are left out; each shard that passes one leaves a note of it.
   *
   * @param events the events and marks of consecutive log entries, in log order
   * @param last the position of the last of these log entries, the shards' new checkpoint
   * @param parking what is left out
   * @param recorded the checkpoint that a shard must have reached before, per shard
   * @throws EventFailure if an event cannot be applied; no shard has passed it then but those that
   *     had before
   */
  Result apply(
      Lease lease,
      List<StoredEvent> events,
      Position last,
      Parking parking,
      Map<Integer, Position> recorded)
      throws EventFailure;

  /**
   * Applies an event of a parked stream to the shards that have passed it without: those with a
   * note that is older than the event. The notes move to the event, also where it was dropped.
   *
   * @param settled up to where all shards are; a shard may be further, and gets no event that it
   *     has not passed
   * @throws EventFailure if the event still cannot be applied; no shard has it then
   */
  Retried retry(Lease lease, StoredEvent event, Parking parking, Position settled)
      throws EventFailure;
}
