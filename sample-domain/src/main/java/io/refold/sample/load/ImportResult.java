package io.refold.sample.load;

import java.time.Duration;
import java.util.Map;

/**
 * What an import did.
 *
 * @param fines histories that were read
 * @param commands commands that were handled
 * @param repeats commands among them that had been handled by an earlier import
 * @param rejections refused commands: rule to how often, with an example
 * @param elapsed how long it took
 */
public record ImportResult(
    long fines, long commands, long repeats, Map<String, Rejection> rejections, Duration elapsed) {
  /** Copies the rejections. */
  public ImportResult {
    rejections = Map.copyOf(rejections);
  }

  /**
   * How often a rule refused a command.
   *
   * @param count how often
   * @param example one of them, with fine, command and reason
   */
  public record Rejection(long count, String example) {
    Rejection plus(Rejection other) {
      return new Rejection(count + other.count, example);
    }
  }

  /** Returns how many commands were refused. */
  public long rejected() {
    return rejections.values().stream().mapToLong(Rejection::count).sum();
  }

  /** Returns the rate over the whole import. */
  public double commandsPerSecond() {
    return commands / Math.max(elapsed.toNanos() / 1e9, 1e-9);
  }
}
