package io.refold.eventstore;

import jakarta.validation.ConstraintViolation;
import jakarta.validation.Validation;
import jakarta.validation.Validator;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.hibernate.validator.messageinterpolation.ParameterMessageInterpolator;

/** Jakarta Bean Validation of commands; messages in English, without expression language. */
final class CommandValidator {
  private static final Validator VALIDATOR =
      Validation.byDefaultProvider()
          .configure()
          .messageInterpolator(
              new ParameterMessageInterpolator(
                  Set.of(Locale.ENGLISH), Locale.ENGLISH, context -> Locale.ENGLISH, false))
          .buildValidatorFactory()
          .getValidator();

  private CommandValidator() {}

  static void validate(Object command) {
    Set<ConstraintViolation<Object>> violations = VALIDATOR.validate(command);
    if (!violations.isEmpty()) {
      List<CommandInvalidException.Violation> listed =
          violations.stream()
              .map(violation ->
                  new CommandInvalidException.Violation(
                      violation.getPropertyPath().toString(), violation.getMessage()))
              .sorted(
                  Comparator.comparing(CommandInvalidException.Violation::field)
                      .thenComparing(CommandInvalidException.Violation::message))
              .toList();
      throw new CommandInvalidException(command.getClass().getSimpleName(), listed);
    }
  }
}
