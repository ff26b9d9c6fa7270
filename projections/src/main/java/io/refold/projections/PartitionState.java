package io.refold.projections;

/** What a partition of a projection is doing. */
public enum PartitionState {
  /** No process works on it. */
  NOT_OWNED,
  /** A process has taken it over and finds out where to go on. */
  TAKING_OVER,
  /** The history is being read. */
  FILLING,
  /** New events are applied as they come. */
  RUNNING,
  /** A store, or the database of its tables, cannot be reached; its owner tries again. */
  WAITING,
  /** It cannot go on, and says why; its owner tries again. */
  HALTED,
  /** The log does not hold what was applied: only a rebuild goes on. */
  LOST_HISTORY,
  /** A rebuild is about to switch. */
  SWITCHING
}
