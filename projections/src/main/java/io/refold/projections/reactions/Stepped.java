package io.refold.projections.reactions;

import io.refold.projections.reactions.Instance.Timer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A step that was taken: the one event of an instance's stream.
 *
 * @param cause what it was taken on, for people
 * @param instance the instance afterwards
 * @param ended deadlines that were waited for before, and are not afterwards
 * @param commands what is to be sent
 */
record Stepped<S, C>(
    String cause, Instance<S> instance, Map<String, Timer> ended, List<Outgoing<C>> commands) {
  Stepped {
    ended = Map.copyOf(ended);
    commands = List.copyOf(commands);
  }

  /**
   * Returns a step as it is recorded.
   *
   * @param before the instance as it was, without a deadline that has come
   * @param all the deadlines as they were
   * @param version the version at which the step is recorded
   */
  static <S, C> Stepped<S, C> of(
      String cause,
      Map<String, Timer> before,
      Map<String, Timer> all,
      Step<S, C> step,
      long version) {
    var after = new HashMap<>(before);
    step.cancelled().forEach(after::remove);
    step.deadlines()
        .forEach((name, due) -> {
          Timer set = after.get(name);
          if (set == null || !set.due().equals(due)) {
            after.put(name, new Timer(due, version));
          }
        });
    var ended = new HashMap<>(all);
    ended.entrySet().removeAll(after.entrySet());
    return new Stepped<>(cause, new Instance<>(step.state(), after), ended, step.commands());
  }

  /** Tells whether anything follows from it. */
  boolean changes(Instance<S> before) {
    return !commands.isEmpty() || !instance.equals(before);
  }
}
