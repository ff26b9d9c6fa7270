package io.refold.sample;

import io.refold.sample.chaos.ChaosOptions;
import io.refold.sample.chaos.ChaosRun;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Properties;

/**
 * Runs writers, workers, reactions and rebuilds in processes of their own while servers, processes
 * and connections fail, and checks every promise from outside. What it does and how to read it is
 * in {@code docs/chaos.md}.
 */
public final class Chaos {
  private Chaos() {}

  /**
   * Runs, and ends with 1 if a promise was broken, or an option is not allowed.
   *
   * @param args none; the system properties {@code cycles}, {@code cluster} and {@code seed} say
   *     how many cycles of faults, whether on a cluster, and which ones
   * @throws IOException if servers, processes or faults cannot be made
   * @throws InterruptedException never
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    System.exit(run(System.getProperties(), System.out));
  }

  static int run(Properties properties, PrintStream out) throws IOException, InterruptedException {
    ChaosOptions options;
    try {
      options = ChaosOptions.of(properties);
    } catch (IllegalArgumentException notAllowed) {
      out.println("Nothing was started: " + notAllowed.getMessage());
      return 1;
    }
    return ChaosRun.run(options, out) ? 0 : 1;
  }
}
