package io.refold.eventstore;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * The place of an append in the log of its partition. Sequences count appends from 1 without gap;
 * positions of different partitions have no order. Write it with {@link #toString()}, for instance
 * into an HTTP header, and read it back with {@link #parse}.
 *
 * @param partition the partition, from 0
 * @param sequence the append's number in the partition's log, from 1; 0 stands before the first
 * @param micros when it was recorded, in microseconds since 1970 by the server's clock; 0 with
 *     sequence 0
 */
public record Position(int partition, long sequence, long micros) {
  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a number is negative
   */
  public Position {
    if (partition < 0 || sequence < 0 || micros < 0) {
      throw new IllegalArgumentException(
          "a position has no negative parts: %d:%d-%d".formatted(partition, sequence, micros));
    }
  }

  /** Returns the position before the first append of a partition. */
  public static Position origin(int partition) {
    return new Position(partition, 0, 0);
  }

  /** Returns when the append was recorded, by the server's clock. */
  public Instant recordedAt() {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }

  /** Returns the id of the log's entry, {@code sequence-micros}. */
  public String logId() {
    return sequence + "-" + micros;
  }

  /**
   * Reads a log entry's id.
   *
   * @throws IllegalArgumentException if it is not of the form {@code sequence-micros}
   */
  public static Position ofLogId(int partition, String logId) {
    int dash = logId.indexOf('-');
    try {
      return new Position(
          partition,
          Long.parseLong(logId, 0, Math.max(dash, 0), 10),
          Long.parseLong(logId, dash + 1, logId.length(), 10));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'%s' is not sequence-micros".formatted(logId), e);
    }
  }

  /** Returns {@code partition:sequence-micros}. */
  @Override
  public String toString() {
    return partition + ":" + logId();
  }

  /**
   * Reads what {@link #toString()} wrote.
   *
   * @throws IllegalArgumentException if it is not of that form
   */
  public static Position parse(String text) {
    int colon = text.indexOf(':');
    try {
      return ofLogId(Integer.parseInt(text, 0, Math.max(colon, 0), 10), text.substring(colon + 1));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "'%s' is not partition:sequence-micros".formatted(text), e);
    }
  }
}
