package io.refold.sample.bench;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.Locale;

/** Prints figures as they come. */
public final class Figures {
  private final PrintStream out;

  /**
   * Prints to a stream.
   *
   * @param out where to
   */
  public Figures(PrintStream out) {
    this.out = out;
  }

  static double median(double[] figures) {
    double[] sorted = figures.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }

  /** Prints {@code bench <name> <value> <unit>}. */
  void print(String name, double value, String unit) {
    String pattern = value >= 100 ? "bench %s %.0f %s%n" : "bench %s %.2f %s%n";
    out.printf(Locale.ROOT, pattern, name, value, unit);
  }
}
