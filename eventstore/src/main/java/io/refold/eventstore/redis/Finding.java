package io.refold.eventstore.redis;

/**
 * What an examination has found. Immutable.
 *
 * @param illness what is wrong, and what that means
 * @param found what it was seen by, with names and figures
 */
public record Finding(Illness illness, String found) {
  /** Returns how bad it is. */
  public Severity severity() {
    return illness.severity();
  }

  /** Returns the name of what is wrong, the same over releases. */
  public String code() {
    return illness.code();
  }

  /** Returns what comes of it. */
  public String consequence() {
    return illness.consequence();
  }

  /** Returns what to do about it. */
  public String remedy() {
    return illness.remedy();
  }

  /** Returns what was found, its consequence and its remedy in one line. */
  String sentence() {
    return "%s: %s; %s".formatted(found, consequence(), remedy());
  }

  /** Returns a block of four lines. */
  @Override
  public String toString() {
    return "[%s] %s%n  found:       %s%n  consequence: %s%n  remedy:      %s"
        .formatted(severity(), code(), found, consequence(), remedy());
  }
}
