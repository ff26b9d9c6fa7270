package io.refold.sample;

import io.refold.eventstore.EventStoreException;
import io.refold.projections.ProjectionException;
import io.refold.sample.demo.DemoOptions;
import io.refold.sample.demo.DemoRun;
import io.refold.sample.xes.UnreadableLogException;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Properties;

/**
 * The demo: {@code mvn -q -B -Pdemo}, with {@code -Dlog=FILE} for a XES file (plain or gzip),
 * {@code -Dredis=URL} for a server of one's own, {@code -Dfines=N} and {@code -Dseed=N} for other
 * made-up fines. Ends with exit code 0, or 1 and a message that says why.
 */
public final class Demo {
  private Demo() {}

  /** Runs the demo with the options in the system properties. */
  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT); // figures look the same everywhere
    System.exit(run(System.getProperties(), System.out));
  }

  static int run(Properties properties, PrintStream out) {
    out.println("Refold demo: a history of traffic fines goes in, read models come out.");
    try {
      return new DemoRun(DemoOptions.of(properties), out).run() ? 0 : 1;
    } catch (IllegalArgumentException
        | UnreadableLogException
        | EventStoreException
        | ProjectionException e) {
      out.printf("%nThe demo failed: %s%n", e.getMessage());
      return 1;
    } catch (IOException e) {
      out.printf("%nThe demo failed: the report cannot be written: %s%n", e);
      return 1;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      out.printf("%nThe demo was interrupted.%n");
      return 1;
    }
  }
}
