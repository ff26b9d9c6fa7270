package io.refold.sample.options;

import java.math.BigDecimal;
import java.util.Optional;
import java.util.Properties;

/**
 * What a program was started with, as {@code -Dname=value}. What is empty counts as not given.
 *
 * @param properties the system properties
 */
public record Options(Properties properties) {
  /** Returns an option, if it was given. */
  public Optional<String> text(String name) {
    return Optional.ofNullable(properties.getProperty(name)).filter(value -> !value.isBlank());
  }

  /**
   * Returns a whole number.
   *
   * @param otherwise what counts if it was not given
   * @param min the least that is allowed
   * @param max the most that is allowed
   * @throws IllegalArgumentException if it is none, or not allowed
   */
  public long number(String name, long otherwise, long min, long max) {
    String text = text(name).orElse(String.valueOf(otherwise));
    try {
      long number = Long.parseLong(text);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // the message below says it all
    }
    throw new IllegalArgumentException(
        "-D%s=%s is not a whole number from %,d to %,d".formatted(name, text, min, max));
  }

  /**
   * Returns a number that may have decimals.
   *
   * @param otherwise what counts if it was not given
   * @param max the most that is allowed; the least is above 0
   * @throws IllegalArgumentException if it is none, or not allowed
   */
  public double decimal(String name, double otherwise, double max) {
    String text = text(name).orElse(String.valueOf(otherwise));
    try {
      double number = new BigDecimal(text).doubleValue();
      if (number > 0 && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // the message below says it all
    }
    throw new IllegalArgumentException(
        "-D%s=%s is not a number above 0, up to %,.0f".formatted(name, text, max));
  }
}
