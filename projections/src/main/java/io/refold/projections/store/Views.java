package io.refold.projections.store;

import io.refold.eventstore.Position;
import io.refold.eventstore.StreamId;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rows of generations, in shards. A shard has a head (which also counts revisions), rows and
 * indexes. Calls that name several shards are one atomic step per shard, in any order. Thread-safe.
 *
 * <p>Every method throws {@link io.refold.eventstore.StoreUnavailableException} if the store cannot
 * be reached and nothing was done, and {@link io.refold.eventstore.ReplyLostException} if it is not
 * known.
 */
public interface Views extends Heads {
  /** What a commit led to. */
  enum Outcome {
    /** Rows, indexes and checkpoint are written. */
    DONE,
    /** Refused: the head holds another owner or epoch. */
    FENCED,
    /** Refused: the checkpoint or a row is not what was read. */
    CONFLICT,
    /** The shard is not there. */
    GONE
  }

  /**
   * A row as it is stored.
   *
   * @param revision changes whenever the row does; 0 stands for no row
   * @param json the value
   */
  record StoredRow(long revision, String json) {}

  /**
   * What was read of a shard at one moment.
   *
   * @param checkpoint up to where the partition's events are in the shard
   * @param rows those of the asked rows that exist
   * @param notes how far the shard is with those of the asked streams of which it has a note
   */
  record ShardRows(Position checkpoint, Map<String, StoredRow> rows, Map<StreamId, Note> notes) {}

  /**
   * A place of a row in an index.
   *
   * @param index the index
   * @param value the encoded value, without U+0000
   */
  record IndexEntry(String index, String value) {}

  /**
   * A new value of a row.
   *
   * @param key the row's key
   * @param revision the one that was read; 0 if there was no row
   * @param json the new value; null deletes the row
   * @param removed places in indexes that it loses
   * @param added places in indexes that it gets
   */
  record RowChange(
      String key,
      long revision,
      @Nullable String json,
      List<IndexEntry> removed,
      List<IndexEntry> added) {
    /** Copies the lists. */
    public RowChange {
      removed = List.copyOf(removed);
      added = List.copyOf(added);
    }
  }

  /** What a commit compares before it writes, and moves. */
  sealed interface Step {
    /**
     * The shard passes events: its checkpoint moves.
     *
     * @param expected the checkpoint that was read
     * @param checkpoint the new one
     */
    record Passing(Position expected, Position checkpoint) implements Step {}

    /**
     * The shard gets an event of a parked stream that it has passed without: its note moves.
     *
     * @param stream the stream
     * @param expected the note that was read
     * @param note the new one
     */
    record Retrying(StreamId stream, Note expected, Note note) implements Step {}
  }

  /**
   * What is to be written to one shard.
   *
   * @param shard the shard
   * @param step what is compared and moved
   * @param changes rows that were read and folded
   * @param notes notes of parked streams whose first events are passed; one that is there stays
   * @param drops dropped events that are passed
   */
  record Commit(
      int shard,
      Step step,
      List<RowChange> changes,
      Map<StreamId, Note> notes,
      Set<EventAddress> drops) {
    /** Copies the collections. */
    public Commit {
      changes = List.copyOf(changes);
      notes = Map.copyOf(notes);
      drops = Set.copyOf(drops);
    }

    /** A commit of a shard that passes events, none of which is parked or dropped. */
    public static Commit passing(
        int shard, Position expected, Position checkpoint, List<RowChange> changes) {
      return new Commit(shard, new Step.Passing(expected, checkpoint), changes, Map.of(), Set.of());
    }
  }

  /**
   * A part of an order of rows: of their keys, or of an index. Bounds are as in Redis: {@code [x}
   * includes x, {@code (x} excludes it, {@code -} and {@code +} are the ends. Texts are ordered by
   * their UTF-8 bytes.
   *
   * @param index the index; null for the order of keys
   * @param min the lower bound
   * @param max the upper bound
   * @param descending whether the highest comes first
   * @param limit how many at most, from each shard
   */
  record Span(@Nullable String index, String min, String max, boolean descending, int limit) {}

  /**
   * A row in a span.
   *
   * @param member its place: the key; in an index the encoded value, U+0000 and the key
   * @param json the value
   */
  record Hit(String member, String json) {
    /** Returns the row's key. */
    public String key(Span span) {
      return span.index() == null ? member : member.substring(member.indexOf('\0') + 1);
    }
  }

  /**
   * Keys of rows of a shard, in no order.
   *
   * @param rows how many rows the shard has, whether or not an order lists them
   * @param keys some of their keys; over all pages every one, perhaps more than once
   * @param next where the next page begins; empty at the end
   */
  record Keys(long rows, List<String> keys, String next) {
    /** Copies the list. */
    public Keys {
      keys = List.copyOf(keys);
    }
  }

  /**
   * Reads rows and what the head says of a partition, each shard at one moment.
   *
   * @param keys the wanted rows per shard
   * @param streams the streams whose notes are wanted
   * @return per shard; empty if one of them is not there
   */
  Optional<Map<Integer, ShardRows>> read(
      Generation generation,
      int partition,
      Map<Integer, List<String>> keys,
      Collection<StreamId> streams);

  /** Writes to shards, each with compare-and-set; returns the outcome per shard. */
  Map<Integer, Outcome> commit(Lease lease, List<Commit> commits);

  /**
   * Reads a span of each of the shards 0 to {@code shards - 1}.
   *
   * @return the hits of all shards, not merged; empty if a shard is not there
   */
  Optional<List<Hit>> select(Generation generation, int shards, Span span);

  /**
   * Reads a span of an order as it is, whether or not there are rows; empty if the shard is not
   * there.
   */
  Optional<List<String>> members(Generation generation, int shard, Span span);

  /**
   * Reads keys of rows, also of those that no order lists; empty if the shard is not there. Nothing
   * may be written meanwhile.
   *
   * @param from {@link Keys#next()} of the page before; empty for the first
   */
  Optional<Keys> keys(Generation generation, int shard, String from);

  /**
   * Writes a row under a fence, and puts it into the order of keys or out of it, whatever stands
   * there. Head and checkpoints stay. Refused as a commit is.
   */
  Outcome mend(int shard, Lease fence, RowChange change);

  /** Counts what a span covers in all shards, whatever its limit; empty if a shard is not there. */
  OptionalLong count(Generation generation, int shards, Span span);
}
