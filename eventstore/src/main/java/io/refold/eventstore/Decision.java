package io.refold.eventstore;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a decider made of a command in a scenario; tells how it differs from what was expected.
 *
 * @param state the state afterwards
 * @param events what was decided; none if the command was refused
 * @param refusal why it was refused, if it was
 */
record Decision<S, E>(S state, List<E> events, @Nullable CommandException refusal) {
  Decision<S, E> withoutEvents() {
    return new Decision<>(state, List.of(), refusal);
  }

  void requireEvents(String when, List<E> expected) {
    if (refusal != null) {
      throw insteadOf(when, told(expected));
    }
    if (!events.equals(expected)) {
      throw failure(when, "other events", Differences.ofLists(expected, events));
    }
  }

  void requireState(String when, S expected) {
    if (refusal != null) {
      throw insteadOf(when, "state " + expected);
    }
    if (!Objects.equals(state, expected)) {
      throw failure(when, "another state", Differences.ofValues(expected, state));
    }
  }

  /** Expects the same events, or the same refusal; its message may tell of the state. */
  void requireSame(String when, Decision<S, E> other) {
    if (other.refusal == null) {
      requireEvents(when, other.events);
    } else if (refusal == null || !kind(refusal).equals(kind(other.refusal))) {
      throw insteadOf(when, told(other.refusal));
    }
  }

  AssertionError insteadOf(String when, String expected) {
    String actual = refusal == null ? told(events) + " and state " + state : told(refusal);
    return failure(List.of(when, "  expected: " + expected, "  actual:   " + actual));
  }

  private AssertionError failure(String when, String what, List<String> differences) {
    return failure(
        List.of(
            when,
            "  %s than expected (= equal, ~ changed, - missing, + unexpected):".formatted(what),
            String.join("\n", differences)));
  }

  private AssertionError failure(List<String> lines) {
    return new AssertionError(String.join("\n", lines), refusal);
  }

  private static String told(List<?> events) {
    return events.isEmpty() ? "no events" : "events " + events;
  }

  private static String told(CommandException refusal) {
    String name = refusal.getClass().getSimpleName();
    return refusal instanceof CommandRejectedException rejected
        ? "%s '%s': %s".formatted(name, rejected.code(), rejected.getMessage())
        : "%s: %s".formatted(name, refusal.getMessage());
  }

  private static List<?> kind(CommandException refusal) {
    return switch (refusal) {
      case CommandRejectedException rejected -> List.of(refusal.getClass(), rejected.code());
      case CommandInvalidException invalid -> invalid.violations();
      default -> List.of(refusal.getClass());
    };
  }
}
