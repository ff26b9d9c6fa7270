package io.refold.sample.chaos;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What an audit has found wrong. Not thread-safe. */
final class Findings {
  private static final int MOST_FACTS = 20;

  /** How a promise can be broken. */
  enum Kind {
    /** Something acknowledged, or a part of something, is not there; or an effect is missing. */
    LOST,
    /** Something is there twice. */
    DUPLICATED,
    /** Something is in another order. */
    REORDERED,
    /** A row is not what the events make of it, or was read before it was. */
    DIFFERING_ROWS,
    /** Something else that must not be: what is parked, has stopped or does not end. */
    STUCK
  }

  private final Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
  private final List<String> facts = new ArrayList<>();

  /** Adds a finding; of many only the first facts are kept. */
  void add(Kind kind, String fact) {
    counts.merge(kind, 1, Integer::sum);
    if (facts.size() < MOST_FACTS) {
      facts.add(kind.name().toLowerCase(Locale.ROOT) + ": " + fact);
    }
  }

  int count(Kind kind) {
    return counts.getOrDefault(kind, 0);
  }

  boolean clean() {
    return facts.isEmpty();
  }

  /** Returns the first facts, in the order in which they were found. */
  List<String> facts() {
    return List.copyOf(facts);
  }
}
