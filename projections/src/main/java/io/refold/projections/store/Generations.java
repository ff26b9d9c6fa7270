package io.refold.projections.store;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Which generations there are, which one is read, and who works on them. Every call is atomic.
 * Thread-safe.
 *
 * <p>Every method throws {@link io.refold.eventstore.StoreUnavailableException} if the store cannot
 * be reached and nothing was done, and {@link io.refold.eventstore.ReplyLostException} if it is not
 * known.
 */
public interface Generations {
  /**
   * How a generation is laid out, recorded when it is made.
   *
   * @param version the version of the projection that it is of
   * @param shards how many shards its rows are spread over
   * @param indexes the names of its indexes
   */
  record Shape(int version, int shards, List<String> indexes) {
    /** Copies the list. */
    public Shape {
      indexes = List.copyOf(indexes);
    }
  }

  /**
   * A generation with its layout.
   *
   * @param generation the generation
   * @param shape its layout
   */
  record Layout(Generation generation, Shape shape) {}

  /**
   * A rebuild under way.
   *
   * @param fresh the generation that is being filled
   * @param old the one that is read meanwhile
   */
  record Switch(Layout fresh, Layout old) {}

  /**
   * What there is of a projection.
   *
   * @param live the generation that processes of this version read; empty before the first worker
   * @param rebuild the rebuild under way, of whatever version
   * @param gone generations that were dropped or cancelled, to be swept again
   */
  record Catalog(Optional<Layout> live, Optional<Switch> rebuild, List<Layout> gone) {
    /** Copies the list. */
    public Catalog {
      gone = List.copyOf(gone);
    }
  }

  /** What starting a rebuild led to. */
  sealed interface Start {
    /**
     * It is ours to coordinate.
     *
     * @param rebuild the generations
     * @param resumed whether somebody had begun it and is gone
     */
    record Started(Switch rebuild, boolean resumed) implements Start {}

    /**
     * Refused: a rebuild of this projection is under way.
     *
     * @param coordinator the process that coordinates it
     */
    record Running(String coordinator) implements Start {}

    /** Refused: there is no live generation of this version that could be rebuilt. */
    record NothingLive() implements Start {}
  }

  /**
   * A worker's place among those that are alive.
   *
   * @param rank from 0, in the order of their names
   * @param workers how many there are
   */
  record Attendance(int rank, int workers) {
    /** Returns how many of some partitions this worker should own. */
    public int share(int partitions) {
      return partitions / workers + (rank < partitions % workers ? 1 : 0);
    }
  }

  /** Returns what there is of a projection. */
  Catalog look(String projection, int version);

  /** Returns the live generation of the shape's version; makes one if there is none. */
  Layout open(String projection, Shape shape);

  /**
   * Starts a rebuild of the shape's version, or takes over one whose coordinator has not been seen
   * for its lease.
   */
  Start start(String projection, Shape shape, String coordinator, Duration lease);

  /**
   * Takes over a rebuild of the shape's version whose coordinator has not been seen for its lease;
   * never starts one.
   */
  Start resume(String projection, Shape shape, String coordinator, Duration lease);

  /** Extends the coordinator's lease; false if the rebuild or the coordinator is another one. */
  boolean keep(Switch rebuild, String coordinator, Duration lease);

  /**
   * Makes the fresh generation the live one and lists the old one as gone; false if the rebuild is
   * not there any more.
   */
  boolean flip(Switch rebuild);

  /** Ends a rebuild and lists its fresh generation as gone; false if it is not there any more. */
  boolean cancel(Switch rebuild);

  /**
   * Takes a generation that is gone off the list if it was listed longer ago than this; returns
   * whether it is off the list.
   */
  boolean forget(Generation generation, Duration age);

  /** Tells that a worker is alive for another lease. */
  Attendance attend(Generation generation, String worker, Duration lease);

  /** Tells that a worker has gone. */
  void leave(Generation generation, String worker);

  /** Deletes the list of a generation's workers. */
  void dismiss(Generation generation);
}
