package io.refold.sample.soak;

import java.util.List;
import org.HdrHistogram.Histogram;

/**
 * A percentile of times in microseconds, said in milliseconds: a quarter says that of all its times
 * together. It is judged where ten times and more of each quarter lie above it; fewer are chance.
 *
 * @param spans the times of each span, in order
 */
record Latency(String name, double percentile, Tolerance tolerance, List<Histogram> spans)
    implements Series {
  private static final int FEWEST_ABOVE = 10;

  @Override
  public double before() {
    return value(second());
  }

  @Override
  public double after() {
    return value(last());
  }

  @Override
  public boolean judged() {
    double fewest = FEWEST_ABOVE / (1 - percentile / 100);
    return Math.min(second().getTotalCount(), last().getTotalCount()) >= Math.round(fewest);
  }

  private Histogram second() {
    return together(spans.size() / 4, spans.size() / 2);
  }

  private Histogram last() {
    return together(spans.size() - spans.size() / 4, spans.size());
  }

  private Histogram together(int from, int to) {
    var all = new Histogram(3);
    spans.subList(from, to).forEach(all::add);
    return all;
  }

  private double value(Histogram times) {
    return times.getValueAtPercentile(percentile) / 1e3;
  }
}
