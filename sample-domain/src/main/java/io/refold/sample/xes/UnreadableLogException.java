package io.refold.sample.xes;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A log that is damaged, or not what it should be. Names the line; 0 if it has none. */
public final class UnreadableLogException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final long line;

  UnreadableLogException(Path file, long line, String reason, @Nullable Throwable cause) {
    super(
        line == 0
            ? "%s: %s".formatted(file, reason)
            : "%s, line %d: %s".formatted(file, line, reason),
        cause);
    this.line = line;
  }

  /** Returns the line of the file, from 1; 0 if the file as a whole is meant. */
  public long line() {
    return line;
  }
}
