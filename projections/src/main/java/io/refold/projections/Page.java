package io.refold.projections;

import java.util.List;
import java.util.Optional;

/**
 * A page of rows.
 *
 * @param rows in order
 * @param next where the next page begins; empty if this was the last
 * @param <V> the rows
 */
public record Page<V>(List<Row<V>> rows, Optional<String> next) {
  /** Copies the rows. */
  public Page {
    rows = List.copyOf(rows);
  }
}
