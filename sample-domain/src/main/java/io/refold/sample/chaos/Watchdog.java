package io.refold.sample.chaos;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * A small process that kills others when this one ends, in whatever way: killed processes cannot
 * clean up, and stopped ones do not notice. Thread-safe.
 */
final class Watchdog implements AutoCloseable {
  private static final String SCRIPT =
      """
      trap '' INT TERM HUP
      pids=
      while read -r sign pid; do
        if [ "$sign" = + ]; then
          pids="$pids $pid"
        else
          left=
          for other in $pids; do [ "$other" = "$pid" ] || left="$left $other"; done
          pids=$left
        fi
      done
      for pid in $pids; do kill -KILL "$pid"; done 2>/dev/null
      """;

  private final Process process;
  private final PrintStream orders;

  Watchdog() throws IOException {
    process =
        new ProcessBuilder("sh", "-c", SCRIPT)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    orders = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
  }

  /** Has a process die with this one. */
  void guard(ProcessHandle other) {
    orders.println("+ " + other.pid());
  }

  /** Forgets a process that has ended: its number may be given to another one. */
  void release(ProcessHandle other) {
    orders.println("- " + other.pid());
  }

  /** Kills what is still guarded, and ends. */
  @Override
  public void close() {
    orders.close();
    process.onExit().join();
  }
}
