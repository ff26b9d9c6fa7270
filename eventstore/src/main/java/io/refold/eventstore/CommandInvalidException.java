package io.refold.eventstore;

import java.io.Serializable;
import java.util.List;
import java.util.stream.Collectors;

/** A command breaks the constraints on its fields. Nothing was read and nothing written. */
public final class CommandInvalidException extends CommandException {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // an immutable list of serializable records
  private final List<Violation> violations;

  /**
   * A constraint that does not hold.
   *
   * @param field the path of the field within the command
   * @param message what its value must be
   */
  public record Violation(String field, String message) implements Serializable {
    /** Returns {@code field message}. */
    @Override
    public String toString() {
      return field + " " + message;
    }
  }

  /**
   * Lists every violated field.
   *
   * @param command the command's simple name
   * @param violations at least one
   */
  public CommandInvalidException(String command, List<Violation> violations) {
    super(
        violations.stream()
            .map(Violation::toString)
            .collect(Collectors.joining("; ", command + " is invalid: ", "")),
        null);
    this.violations = List.copyOf(violations);
  }

  /** Returns every violated field, sorted by its path. */
  public List<Violation> violations() {
    return violations;
  }
}
