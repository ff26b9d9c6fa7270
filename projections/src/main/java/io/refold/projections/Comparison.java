package io.refold.projections;

import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Filling;
import io.refold.projections.store.Views;
import io.refold.projections.store.Views.StoredRow;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Compares the rows and orders of two generations with the same shards, page by page, while nothing
 * is written to either. The fresh one is taken to be whole: each of its rows is listed. Of the live
 * one nothing is taken for granted. Not thread-safe.
 */
final class Comparison {
  private static final int PAGE = 1_000;
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Views views;
  private final RowFormat<?> format;
  private final Generation live;
  private final Generation fresh;
  private final Runnable page;
  private final Map<String, Verification.Row> differing = new LinkedHashMap<>();
  private final List<Verification.Entry> entries = new ArrayList<>();
  private long rows;

  /**
   * Prepares to compare.
   *
   * @param page is run before each page
   */
  Comparison(Views views, RowFormat<?> format, Filling filling, Runnable page) {
    this.views = views;
    this.format = format;
    this.live = filling.old().generation();
    this.fresh = filling.fresh().generation();
    this.page = page;
  }

  /** Compares a shard. */
  void shard(int shard) {
    long found = listed(shard);
    Views.Keys keys = keys(shard, "");
    if (keys.rows() > found) {
      unlisted(shard, keys);
    }
    for (String index : format.shape(1).indexes()) {
      merge(shard, index, this::entry);
    }
  }

  List<Verification.Row> differing() {
    return List.copyOf(differing.values());
  }

  List<Verification.Entry> entries() {
    return entries;
  }

  /** Returns how many rows were compared. */
  long rows() {
    return rows;
  }

  /** Takes a member of an order. */
  private interface Visitor {
    /**
     * Takes the next one.
     *
     * @param where below 0: it is in the live order only; above 0: in the fresh one only
     */
    void visit(@Nullable String index, String member, int where);
  }

  /** Compares the rows that are listed; returns how many of the live ones there are. */
  private long listed(int shard) {
    var part = new LinkedHashMap<String, Integer>();
    long[] found = new long[1];
    merge(
        shard,
        null,
        (index, key, where) -> {
          part.put(key, where);
          if (part.size() == PAGE) {
            found[0] += compare(shard, part);
            part.clear();
          }
        });
    return found[0] + compare(shard, part);
  }

  private long compare(int shard, Map<String, Integer> part) {
    List<String> wanted = List.copyOf(part.keySet());
    Map<String, StoredRow> mine = read(live, shard, wanted);
    Map<String, StoredRow> right = read(fresh, shard, wanted);
    part.forEach((key, where) -> {
      StoredRow stored = mine.get(key);
      StoredRow expected = right.get(key);
      rows++;
      if (differ(key, stored, expected)) {
        differs(key, stored, expected);
      } else if (where != 0) {
        entries.add(new Verification.Entry(Optional.empty(), "", key, where < 0));
      }
    });
    return mine.size();
  }

  /** Looks for rows that no order lists. */
  private void unlisted(int shard, Views.Keys first) {
    for (Views.Keys keys = first; ; keys = keys(shard, keys.next())) {
      Map<String, StoredRow> mine = read(live, shard, keys.keys());
      Map<String, StoredRow> right = read(fresh, shard, keys.keys());
      mine.forEach((key, stored) -> {
        if (!right.containsKey(key) && !differing.containsKey(key)) {
          rows++;
          differs(key, stored, null);
        }
      });
      if (keys.next().isEmpty()) {
        return;
      }
    }
  }

  private void differs(String key, @Nullable StoredRow stored, @Nullable StoredRow expected) {
    differing.put(
        key,
        new Verification.Row(
            key,
            Optional.ofNullable(stored).map(StoredRow::json),
            Optional.ofNullable(expected).map(StoredRow::json)));
  }

  private boolean differ(String key, @Nullable StoredRow one, @Nullable StoredRow other) {
    if (one == null || other == null) {
      return one != null || other != null;
    }
    return differ(format, key, one.json(), other.json());
  }

  /**
   * Compares JSON as trees, where the order of members does not count, and then as rows: a set is
   * written in an order that differs from process to process.
   */
  static <V> boolean differ(RowFormat<V> format, String key, String one, String other) {
    if (one.equals(other)) {
      return false;
    }
    try {
      return !JSON.readTree(one).equals(JSON.readTree(other))
          && !format.read(key, one).equals(format.read(key, other));
    } catch (JacksonException | UnreadableRowException e) {
      return true;
    }
  }

  private void entry(@Nullable String index, String member, int where) {
    if (where != 0 && index != null) {
      int end = member.indexOf('\0');
      String key = end < 0 ? "" : member.substring(end + 1);
      String value = format.index(index).decode(end < 0 ? member : member.substring(0, end));
      entries.add(new Verification.Entry(Optional.of(index), value, key, where < 0));
    }
  }

  private void merge(int shard, @Nullable String index, Visitor visitor) {
    var mine = new Members(live, shard, index);
    var right = new Members(fresh, shard, index);
    while (true) {
      String one = mine.next();
      String other = right.next();
      if (one == null && other == null) {
        return;
      }
      int where = one == null ? 1 : other == null ? -1 : Pages.BYTES.compare(one, other);
      visitor.visit(index, where <= 0 && one != null ? one : String.valueOf(other), where);
      if (where <= 0) {
        mine.advance();
      }
      if (where >= 0) {
        right.advance();
      }
    }
  }

  /** Walks along an order. */
  private final class Members {
    private final Generation generation;
    private final int shard;
    private final @Nullable String index;
    private List<String> read;
    private int next;

    Members(Generation generation, int shard, @Nullable String index) {
      this.generation = generation;
      this.shard = shard;
      this.index = index;
      this.read = read("-");
    }

    private List<String> read(String from) {
      page.run();
      return views
          .members(generation, shard, new Views.Span(index, from, "+", false, PAGE))
          .orElseThrow(() -> gone(generation));
    }

    @Nullable String next() {
      return next < read.size() ? read.get(next) : null;
    }

    void advance() {
      next++;
      if (next == PAGE) {
        read = read("(" + read.getLast());
        next = 0;
      }
    }
  }

  private Map<String, StoredRow> read(Generation generation, int shard, List<String> keys) {
    page.run();
    Views.ShardRows rows =
        views
            .read(generation, 0, Map.of(shard, keys), List.of())
            .orElseThrow(() -> gone(generation))
            .get(shard);
    return rows == null ? Map.of() : rows.rows();
  }

  private Views.Keys keys(int shard, String from) {
    page.run();
    return views.keys(live, shard, from).orElseThrow(() -> gone(live));
  }

  private static IllegalStateException gone(Generation generation) {
    return new IllegalStateException("rows of %s are gone".formatted(generation));
  }
}
