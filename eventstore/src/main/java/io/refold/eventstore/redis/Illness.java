package io.refold.eventstore.redis;

/**
 * Something that may be wrong with a server or what lies in it. Immutable.
 *
 * @param severity how bad it is
 * @param code names it; stays the same over releases
 * @param consequence what comes of it, as a sentence without its full stop
 * @param remedy what to do about it, likewise
 */
public record Illness(Severity severity, String code, String consequence, String remedy) {
  /**
   * Says that something was found.
   *
   * @param found what it is, with names and figures, as {@link String#format} has it
   */
  @SuppressWarnings("AnnotateFormatMethod") // the annotation would be one more dependency
  public Finding found(String found, Object... args) {
    return new Finding(this, found.formatted(args));
  }
}
