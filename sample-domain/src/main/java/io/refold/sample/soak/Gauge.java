package io.refold.sample.soak;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Samples of what can be looked at: a quarter says its median. With fewer than eight samples
 * nothing is judged.
 */
record Gauge(String name, Tolerance tolerance, List<Double> samples) implements Series {
  private static final int FEWEST = 8;

  Gauge(String name, Tolerance tolerance) {
    this(name, tolerance, new ArrayList<>());
  }

  void add(double sample) {
    samples.add(sample);
  }

  @Override
  public double before() {
    return median(samples.size() / 4, samples.size() / 2);
  }

  @Override
  public double after() {
    return median(samples.size() - samples.size() / 4, samples.size());
  }

  @Override
  public boolean judged() {
    return samples.size() >= FEWEST;
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
