package io.refold.projections;

import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.projections.store.Parking;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Tries whether rows are the same in whatever order the events of different routes come, and
 * however often an event is folded. Every fold is made twice from the same row. Where the rows of
 * some order differ, it finds two neighbouring events that must not change places.
 */
final class OrderProperty<V> {
  private final RowFormat<V> format;
  private final List<StoredEvent> history;

  OrderProperty(RowFormat<V> format, List<StoredEvent> history) {
    this.format = format;
    this.history = history;
  }

  /**
   * Tries some random orders.
   *
   * @throws AssertionError if rows depend on it
   */
  void check(long seed, int orders) {
    Map<String, String> expected = fold(history);
    var random = new Random(seed);
    for (int i = 0; i < orders; i++) {
      List<StoredEvent> order = shuffled(random);
      if (!differing(fold(order), expected).isEmpty()) {
        throw new AssertionError(culprits(order));
      }
    }
  }

  /** Deals the events out anew; those of one route stay in their order. */
  private List<StoredEvent> shuffled(Random random) {
    var routes = new LinkedHashMap<String, ArrayDeque<StoredEvent>>();
    var cards = new ArrayList<String>();
    for (StoredEvent event : history) {
      routes.computeIfAbsent(event.stream().route(), r -> new ArrayDeque<>()).add(event);
      cards.add(event.stream().route());
    }
    Collections.shuffle(cards, random);
    var order = new ArrayList<StoredEvent>();
    cards.forEach(route -> order.add(Objects.requireNonNull(routes.get(route)).remove()));
    return order;
  }

  private Map<String, String> fold(List<StoredEvent> order) {
    var rows = new TreeMap<String, String>();
    var states = new StreamStates(this::read);
    for (StoredEvent event : order) {
      for (Source.Touch<V> touch : format.touches(event, states, Parking.NONE)) {
        @Nullable String before = rows.get(touch.key());
        Optional<String> after = apply(touch, before);
        Optional<String> again = apply(touch, before);
        if (!again.equals(after)) {
          throw new AssertionError(
              "row '%s' depends on how often it is folded: %s from %s gives %s, and %s the second time"
                  .formatted(touch.key(), name(event), before, after, again));
        }
        after.ifPresentOrElse(json -> rows.put(touch.key(), json), () -> rows.remove(touch.key()));
      }
    }
    return rows;
  }

  private Optional<String> apply(Source.Touch<V> touch, @Nullable String before) {
    @Nullable V row = touch.apply(before == null ? null : format.read(touch.key(), before));
    return row == null ? Optional.empty() : Optional.of(format.write(touch.key(), row));
  }

  private List<StoredEvent> read(StreamId stream, long after, int limit) {
    return history.stream()
        .filter(event -> event.stream().equals(stream) && event.version() > after)
        .limit(limit)
        .toList();
  }

  /** Goes from the order of the history to another one, two neighbours at a time. */
  private String culprits(List<StoredEvent> order) {
    var place = new HashMap<StoredEvent, Integer>();
    for (int i = 0; i < order.size(); i++) {
      place.put(order.get(i), i);
    }
    var now = new ArrayList<>(history);
    Map<String, String> rows = fold(now);
    for (int round = 0; round < now.size(); round++) {
      for (int i = 0; i + 1 < now.size(); i++) {
        StoredEvent first = now.get(i);
        StoredEvent second = now.get(i + 1);
        if (place.getOrDefault(first, 0) > place.getOrDefault(second, 0)) {
          Collections.swap(now, i, i + 1);
          Map<String, String> swapped = fold(now);
          if (!differing(swapped, rows).isEmpty()) {
            return message(first, second, rows, swapped);
          }
        }
      }
    }
    throw new IllegalStateException("orders that differ have no neighbours that do");
  }

  private SortedSet<String> differing(Map<String, String> rows, Map<String, String> others) {
    var keys = new TreeSet<>(rows.keySet());
    keys.addAll(others.keySet());
    keys.removeIf(key -> {
      String one = rows.get(key);
      String other = others.get(key);
      return one != null && other != null && format.same(key, one, other);
    });
    return keys;
  }

  private String message(
      StoredEvent first,
      StoredEvent second,
      Map<String, String> rows,
      Map<String, String> swapped) {
    String key = differing(rows, swapped).first();
    return """
    row '%s' depends on the order of events of different aggregates, which is not defined:
      %s, then %s: %s
      %s, then %s: %s\
    """
        .formatted(
            key,
            name(first),
            name(second),
            rows.get(key),
            name(second),
            name(first),
            swapped.get(key));
  }

  private static String name(StoredEvent event) {
    return "%s (event %d of %s)".formatted(event.payload().type(), event.version(), event.stream());
  }
}
