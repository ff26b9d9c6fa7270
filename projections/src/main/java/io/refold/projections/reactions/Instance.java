package io.refold.projections.reactions;

import java.time.Instant;
import java.util.Map;

/**
 * An instance of a process after its last step.
 *
 * @param state its state
 * @param deadlines the deadlines it waits for, by name
 * @param <S> the state
 */
public record Instance<S>(S state, Map<String, Timer> deadlines) {
  /** Copies the map. */
  public Instance {
    deadlines = Map.copyOf(deadlines);
  }

  /**
   * A deadline that is waited for.
   *
   * @param due the time
   * @param version the step that has set it: its version in the instance's stream
   */
  public record Timer(Instant due, long version) {}
}
