package io.refold.sample.soak;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What one thing measured over time. It has grown where the middle of its last quarter lies above
 * that of its second one by more than a share and an amount; the first quarter is warm-up. With
 * fewer than eight samples nothing is judged.
 */
final class Series {
  private static final int FEWEST = 8;

  private final String name;
  private final double share;
  private final double amount;
  private final List<Double> samples = new ArrayList<>();

  /**
   * Starts empty.
   *
   * @param name what is measured, with its unit
   * @param share by which it may grow, of what it was: 0.5 is half as much again
   * @param amount by which it may grow besides
   */
  Series(String name, double share, double amount) {
    this.name = name;
    this.share = share;
    this.amount = amount;
  }

  void add(double sample) {
    samples.add(sample);
  }

  String name() {
    return name;
  }

  /** Returns the middle of the second quarter. */
  double before() {
    return median(samples.size() / 4, samples.size() / 2);
  }

  /** Returns the middle of the last quarter. */
  double after() {
    return median(samples.size() - samples.size() / 4, samples.size());
  }

  /** Returns up to where the last quarter may lie. */
  double limit() {
    return before() * (1 + share) + amount;
  }

  boolean judged() {
    return samples.size() >= FEWEST;
  }

  boolean grown() {
    return judged() && after() > limit();
  }

  private double median(int from, int to) {
    if (from >= to) {
      return 0;
    }
    double[] some = samples.subList(from, to).stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(some);
    return some[some.length / 2];
  }
}
