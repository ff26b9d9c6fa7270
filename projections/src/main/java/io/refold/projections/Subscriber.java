package io.refold.projections;

import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Generations.Shape;
import io.refold.projections.store.Heads;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * Something that workers feed with events, checked: a projection of rows, tables of a database, or
 * a reaction. Immutable and thread-safe.
 */
public interface Subscriber {
  /**
   * Returns its name: 1 to 64 characters, none of them {@code :}, <code>{</code>, <code>}</code>.
   */
  String name();

  /** Returns the version of its logic, from 1. */
  int version();

  /** Returns the names of the categories whose events it wants. */
  Set<String> categories();

  /**
   * Returns how a new generation of it is laid out.
   *
   * @param shards how many shards the store spreads rows over
   */
  Shape shape(int shards);

  /**
   * Returns the generation that is read.
   *
   * @throws ReadModelMissingException if this version has none
   */
  default Generation shown(ProjectionStore store) {
    return store
        .generations()
        .look(name(), version())
        .live()
        .orElseThrow(() -> ReadModelMissingException.of(store, this))
        .generation();
  }

  /** Returns the heads of its shards, of all generations. */
  Heads heads(ProjectionStore store);

  /**
   * Returns where it begins, once and for all: it is never filled afresh, because what its events
   * do cannot be taken back. Empty, unless overridden: it begins with the first event, and a
   * rebuild fills it afresh.
   */
  default Optional<StartAt> start() {
    return Optional.empty();
  }

  /**
   * Returns what works on it in this process instead of owners of partitions; empty, unless
   * overridden: there is an owner per partition.
   *
   * @param worker the name of the process
   * @param lease how long a process may be silent before others do its work
   * @param attempts how often a failing event is tried before it is parked
   */
  default Optional<Driver> driver(
      ProjectionStore store, String worker, Duration lease, int attempts) {
    return Optional.empty();
  }

  /** Returns what applies its events to a generation; not called where it has a driver. */
  Target target(ProjectionStore store, Layout layout);
}
