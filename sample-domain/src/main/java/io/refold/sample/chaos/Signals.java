package io.refold.sample.chaos;

import java.io.IOException;
import java.time.Duration;

/** Stops processes for a while. */
final class Signals {
  private static final String SCRIPT =
      "trap '' INT TERM HUP; kill -STOP $0 && sleep $1; kill -CONT $0";

  private Signals() {}

  /**
   * Stops a process for a while, and returns when it goes on. It goes on even if this JVM dies in
   * the meantime.
   */
  static void pause(ProcessHandle process, Duration length) throws IOException {
    new ProcessBuilder(
            "sh",
            "-c",
            SCRIPT,
            String.valueOf(process.pid()),
            "%d.%03d".formatted(length.toSeconds(), length.toMillisPart()))
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .onExit()
        .join();
  }
}
