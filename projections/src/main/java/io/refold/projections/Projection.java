package io.refold.projections;

import java.util.List;

/**
 * Says how events become rows. The toolkit stores the rows, keeps them up to date and rebuilds
 * them. Implementations are immutable and pure: no clock, no I/O.
 *
 * @param <V> the rows: a record that Jackson writes as JSON and reads back
 */
public interface Projection<V> {
  /**
   * Returns its name: 1 to 64 characters, none of them {@code :}, <code>{</code>, <code>}</code>.
   */
  String name();

  /**
   * Returns the version of its logic, from 1. Count it up whenever the same events would give other
   * rows or index values: the new version then gets rows of its own, filled from the first event,
   * while processes of the old version go on with theirs.
   */
  int version();

  /** Returns the class of its rows. */
  Class<V> rowType();

  /** Returns which events it folds, and how. */
  List<Source<V>> sources();

  /** Returns by what its rows can be found besides their keys; none unless overridden. */
  default List<Index<V>> indexes() {
    return List.of();
  }
}
