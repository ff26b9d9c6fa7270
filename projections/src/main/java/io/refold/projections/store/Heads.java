package io.refold.projections.store;

import io.refold.eventstore.Position;
import io.refold.eventstore.StreamId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The heads of a generation's shards. A head stands where the shard's effects are, and changes in
 * one step with them: per partition it holds owner, epoch and checkpoint, and what it knows of
 * parked streams. Thread-safe.
 *
 * <p>Every method throws {@link io.refold.eventstore.StoreUnavailableException} if the store cannot
 * be reached and nothing was done, and {@link io.refold.eventstore.ReplyLostException} if it is not
 * known.
 */
public interface Heads {
  /** What writing an epoch into a head led to. */
  sealed interface Fencing {
    /** The head holds owner and epoch. */
    record Done() implements Fencing {}

    /**
     * Refused: the head holds a higher epoch.
     *
     * @param epoch the one it holds
     */
    record Refused(long epoch) implements Fencing {}

    /** The shard is not there. */
    record Gone() implements Fencing {}
  }

  /**
   * How far a shard is with a parked stream.
   *
   * @param version the last version of the stream whose event the shard has; 0 for none
   * @param position where that event stands, if it was applied by a retry; else the origin
   */
  record Note(long version, Position position) {}

  /**
   * What a shard knows of one partition.
   *
   * @param checkpoint up to where the partition's events are in the shard
   * @param notes the parked streams that the shard has passed, with how far it is with them
   * @param drops the dropped events that the shard has passed
   */
  record Head(Position checkpoint, Map<StreamId, Note> notes, Set<EventAddress> drops) {
    /** Copies the collections. */
    public Head {
      notes = Map.copyOf(notes);
      drops = Set.copyOf(drops);
    }

    /** Returns the head of a shard that has no event of a partition yet. */
    public static Head origin(int partition) {
      return new Head(Position.origin(partition), Map.of(), Set.of());
    }
  }

  /**
   * Tells which generation of its version is read, where readers of the shards do not ask {@link
   * Generations}: after its shards were created, and again before any is deleted. Called by every
   * process, also late: an older generation than the one told before is to be ignored. Does nothing
   * unless overridden.
   */
  default void show(Generations.Layout live) {}

  /**
   * Creates an empty shard; does nothing if it exists.
   *
   * @throws IllegalStateException if it cannot be made as its subscriber wants it
   */
  void create(Generation generation, int shard);

  /**
   * Deletes a shard.
   *
   * @param indexes the names of all its indexes
   */
  void delete(Generation generation, int shard, List<String> indexes);

  /** Writes a lease's owner and epoch into a shard's head; refused where a higher epoch stands. */
  Fencing fence(int shard, Lease lease);

  /** Returns what a shard knows of a partition, or empty if the shard is not there. */
  Optional<Head> head(Generation generation, int shard, int partition);

  /**
   * Removes the note of a stream that is not parked any more; does nothing if the head holds
   * another owner or epoch than the lease, or the shard is not there.
   */
  void unnote(int shard, Lease lease, StreamId stream);
}
