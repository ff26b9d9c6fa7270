package io.refold.projections.store;

import java.time.Duration;
import java.util.EnumSet;
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
  /** What a generation is of; all generations of a name are of one kind. */
  enum Kind {
    /** Rows of a projection. */
    ROWS("a projection of rows", ""),
    /** A database's tables, in one shard: a transaction reaches them all. */
    TABLES("a projection of tables", ":tables"),
    /** A reaction with an owner per partition. */
    REACTION("a reaction in order", ""),
    /** A reaction whose consumers share partitions. */
    UNORDERED_REACTION("an unordered reaction", "unordered"),
    /** All instances of a process. */
    PROCESS("a process", "process");

    private final String title;
    private final String mark;

    /** The mark stands for the names of indexes; beside rows it is a name that no index has. */
    Kind(String title, String mark) {
      this.title = title;
      this.mark = mark;
    }

    /**
     * Returns the layout of what has no rows.
     *
     * @throws IllegalStateException for rows, whose layout is the projection's
     */
    public Shape shape(int version) {
      List<String> marks = mark.isEmpty() ? List.of() : List.of(mark);
      return switch (this) {
        case ROWS -> throw new IllegalStateException("rows are laid out by their projection");
        case TABLES -> new Shape(version, 1, marks);
        case REACTION, UNORDERED_REACTION, PROCESS -> new Shape(version, 0, marks);
      };
    }

    /** Returns what it is called, with its article. */
    @Override
    public String toString() {
      return title;
    }
  }

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

    /** Returns what it is a layout of. */
    public Kind kind() {
      return EnumSet.complementOf(EnumSet.of(Kind.ROWS)).stream()
          .filter(kind -> equals(kind.shape(version)))
          .findFirst()
          .orElse(Kind.ROWS);
    }
  }

  /**
   * A generation with its layout.
   *
   * @param generation the generation
   * @param shape its layout
   */
  record Layout(Generation generation, Shape shape) {}

  /** What a fresh generation is made for. */
  enum Purpose {
    /** To be read. It replaces the old one if that is of the same version. */
    REBUILD,
    /** To be compared with the old one. */
    VERIFICATION,
    /** To hold the old one's fence while one of its rows is made anew; nobody fills it. */
    RECOMPUTATION
  }

  /**
   * A fresh generation under way.
   *
   * @param fresh the generation that is being filled
   * @param old the one beside which it is: of the same version, or the highest that is read
   * @param purpose what it is made for
   */
  record Filling(Layout fresh, Layout old, Purpose purpose) {
    /** Tells whether it replaces the old one, which is fenced for that and then dropped. */
    public boolean replaces() {
      return purpose == Purpose.REBUILD && fresh.shape().version() == old.shape().version();
    }
  }

  /**
   * How a fresh generation is to be filled; may change meanwhile.
   *
   * @param eventsPerSecond how many events per second at most, over all processes; 0 for no limit
   * @param paused whether nothing more is read for now
   * @param parking whether an event that cannot be applied is parked; else it ends the filling
   */
  record Terms(long eventsPerSecond, boolean paused, boolean parking) {
    /** As fast as it goes, up to the first event that cannot be applied. */
    public static final Terms PLAIN = new Terms(0, false, false);

    /**
     * Checks the pace.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Terms {
      if (eventsPerSecond < 0) {
        throw new IllegalArgumentException(
            "a pace has 1 event per second or more, 0 for no limit, not " + eventsPerSecond);
      }
    }
  }

  /**
   * What there is of a projection.
   *
   * @param live the generation that processes of this version read; empty if it has none yet, or
   *     none any more
   * @param rebuild the fresh generation under way, of whatever version
   * @param terms how that is to be filled; {@link Terms#PLAIN} if there is none
   * @param gone generations that were dropped or cancelled, to be swept again
   * @param read the generations that are read, of all versions, lowest first
   */
  record Catalog(
      Optional<Layout> live,
      Optional<Filling> rebuild,
      Terms terms,
      List<Layout> gone,
      List<Layout> read) {
    /** Copies the lists. */
    public Catalog {
      gone = List.copyOf(gone);
      read = List.copyOf(read);
    }
  }

  /** What starting a fresh generation led to. */
  sealed interface Start {
    /**
     * It is ours to coordinate.
     *
     * @param rebuild the generations
     * @param resumed whether somebody had begun it and is gone
     */
    record Started(Filling rebuild, boolean resumed) implements Start {}

    /**
     * Refused: one of this projection is under way.
     *
     * @param coordinator the process that coordinates it
     * @param rebuild what is under way
     */
    record Running(String coordinator, Filling rebuild) implements Start {}

    /** Refused: there is no generation beside which it could be. */
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

  /**
   * Returns what there is of a projection. Where the version has a live generation, it is noted, at
   * most every {@link #SEEN}, that somebody of it is there.
   */
  Catalog look(String projection, int version);

  /** How exactly it is known when somebody of a version was there last. */
  Duration SEEN = Duration.ofSeconds(30);

  /**
   * Returns the live generation of the shape's version. Makes one if the projection has none of any
   * version; empty if only other versions have one.
   */
  Optional<Layout> open(String projection, Shape shape);

  /**
   * Starts to fill a fresh generation beside the live one of the shape's version; where there is
   * none, a rebuild beside that of the highest version. A rebuild of this version whose coordinator
   * has not been seen for its lease is taken over, with its own terms, if a rebuild is wanted; else
   * it is refused, too. Whatever else has lost its coordinator is cancelled.
   */
  Start start(
      String projection,
      Shape shape,
      Purpose purpose,
      Terms terms,
      String coordinator,
      Duration lease);

  /**
   * Does what nobody needs to ask for: takes over a rebuild of the shape's version whose
   * coordinator has not been seen for its lease; cancels a verification or recomputation that has
   * lost its own, of whatever version, and a rebuild of another version that has lost it three
   * leases ago and is not paused; and starts the rebuild of a version that is higher than all that
   * are live, unless one was cancelled.
   */
  Start adopt(String projection, Shape shape, String coordinator, Duration lease);

  /**
   * Extends the coordinator's lease.
   *
   * @return the terms; empty if the rebuild or the coordinator is another one
   */
  Optional<Terms> keep(Filling rebuild, String coordinator, Duration lease);

  /** Sets the terms; false if the rebuild is not there any more. */
  boolean direct(Filling rebuild, Terms terms);

  /**
   * Makes the fresh generation the live one of its version, and lists one that it replaces as gone;
   * false if the rebuild is not there any more.
   */
  boolean flip(Filling rebuild);

  /**
   * Ends a rebuild and lists its fresh generation as gone; false if it is not there any more. A
   * version that has no other generation is not started again by itself.
   */
  boolean cancel(Filling rebuild);

  /**
   * Lists live generations of lower versions as gone if nobody of their version was there for this
   * long; never one beside which a fresh one is being filled, and none while this version has no
   * live generation itself: they are the only rows.
   *
   * @return how many
   */
  int retire(String projection, int version, Duration age);

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
