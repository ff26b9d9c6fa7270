package io.refold.sample;

import io.refold.sample.chaos.ChaosOptions;
import io.refold.sample.chaos.ChaosRun;
import java.io.IOException;

/**
 * Runs writers, workers, reactions and rebuilds in processes of their own while servers, processes
 * and connections fail, and checks every promise from outside. What it does and how to read it is
 * in {@code docs/chaos.md}.
 */
public final class Chaos {
  private Chaos() {}

  /**
   * Runs, and ends with 1 if a promise was broken.
   *
   * @param args none; the system properties {@code cycles}, {@code cluster} and {@code seed} say
   *     how many cycles of faults, whether on a cluster, and which ones
   * @throws IOException if servers, processes or faults cannot be made
   * @throws InterruptedException never
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    System.exit(ChaosRun.run(ChaosOptions.ofProperties(), System.out) ? 0 : 1);
  }
}
