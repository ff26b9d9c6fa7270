package io.refold.projections.reactions;

import io.refold.projections.store.Deadlines;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a process makes of an event or a deadline: its next state, commands to send, deadlines to
 * set and to cancel. Immutable.
 *
 * @param state the next state
 * @param commands sent in this order once the step is recorded
 * @param deadlines set, by name; one of the same name is replaced
 * @param cancelled names of deadlines that are not waited for any more
 * @param <S> the state
 * @param <C> the commands
 */
public record Step<S, C>(
    S state, List<Outgoing<C>> commands, Map<String, Instant> deadlines, Set<String> cancelled) {
  private static final int MAX_NAME = 64;

  /**
   * Copies the collections.
   *
   * @throws IllegalArgumentException if a deadline's name or time is not allowed, see {@link
   *     #deadline}
   */
  public Step {
    commands = List.copyOf(commands);
    deadlines = Map.copyOf(deadlines);
    cancelled = Set.copyOf(cancelled);
    deadlines.forEach(Step::check);
  }

  private static void check(String name, Instant due) {
    if (name.isEmpty()
        || name.length() > MAX_NAME
        || name.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException(
          "the name of a deadline has 1 to %d characters, none of them a control character, not '%s'"
              .formatted(MAX_NAME, name));
    }
    if (due.isBefore(Deadlines.FIRST) || due.isAfter(Deadlines.LAST)) {
      throw new IllegalArgumentException(
          "deadline '%s' is due at %s, it can be from %s to %s: a deadline that never comes is one that is not set"
              .formatted(name, due, Deadlines.FIRST, Deadlines.LAST));
    }
  }

  /** Returns a step to a state; to the present one, it changes nothing so far. */
  public static <S, C> Step<S, C> to(S state) {
    return new Step<>(state, List.of(), Map.of(), Set.of());
  }

  /** Returns a copy that also sends a command to the aggregate with this id. */
  public Step<S, C> send(String id, C command) {
    var more = new ArrayList<>(commands);
    more.add(new Outgoing<>(id, command));
    return new Step<>(state, more, deadlines, cancelled);
  }

  /**
   * Returns a copy that also sets a deadline. A deadline in the past comes at once.
   *
   * @param name 1 to 64 characters, no control characters
   * @param due within some 285,000 years of 1970
   * @throws IllegalArgumentException if the name or the time is not allowed
   */
  public Step<S, C> deadline(String name, Instant due) {
    var more = new HashMap<>(deadlines);
    more.put(name, due);
    return new Step<>(state, commands, more, cancelled);
  }

  /** Returns a copy that also cancels a deadline; one that is not waited for is no error. */
  public Step<S, C> cancel(String name) {
    var more = new HashSet<>(cancelled);
    more.add(name);
    return new Step<>(state, commands, deadlines, more);
  }
}
