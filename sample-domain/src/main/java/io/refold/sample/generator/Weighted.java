package io.refold.sample.generator;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/** Values to draw from, each as often as its weight says. */
final class Weighted<T> {
  private final NavigableMap<Integer, T> ends = new TreeMap<>();

  static <K, T> Weighted<T> of(Map<K, Integer> weights, Function<K, T> value) {
    var weighted = new Weighted<T>();
    weights.forEach((key, weight) -> weighted.add(value.apply(key), weight));
    return weighted;
  }

  void add(T value, int weight) {
    ends.put(total() + weight, value);
  }

  T draw(RandomGenerator random) {
    return ends.higherEntry(random.nextInt(total())).getValue();
  }

  private int total() {
    return ends.isEmpty() ? 0 : ends.lastKey();
  }
}
