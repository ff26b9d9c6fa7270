package io.refold.projections.redis;

import io.refold.projections.store.Views.IndexEntry;
import io.refold.projections.store.Views.RowChange;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a commit in the order in which {@code view_commit.lua} wants them: all keys, all
 * revisions, and so on. What goes into an order of the server is sorted, so that neighbours are
 * inserted one after the other.
 */
final class CommitSections {
  private final List<Object> keys = new ArrayList<>();
  private final List<Object> revisions = new ArrayList<>();
  private final List<Object> written = new ArrayList<>();
  private final List<Object> deleted = new ArrayList<>();
  private final List<String> enlisted = new ArrayList<>();
  private final Map<String, List<String>> lost = new LinkedHashMap<>();
  private final Map<String, List<String>> got = new LinkedHashMap<>();

  CommitSections(List<RowChange> changes) {
    for (RowChange change : changes) {
      String key = change.key();
      @Nullable String json = change.json();
      keys.add(key);
      revisions.add(change.revision());
      if (json != null) {
        written.add(key);
        written.add(json);
        if (change.revision() == 0) {
          enlisted.add(key);
        }
      } else if (change.revision() != 0) {
        deleted.add(key);
      }
      change.removed().forEach(entry -> add(lost, got, entry, key));
      change.added().forEach(entry -> add(got, lost, entry, key));
    }
  }

  private static void add(
      Map<String, List<String>> members,
      Map<String, List<String>> others,
      IndexEntry entry,
      String key) {
    members
        .computeIfAbsent(entry.index(), index -> new ArrayList<>())
        .add(entry.value() + '\0' + key);
    others.computeIfAbsent(entry.index(), index -> new ArrayList<>());
  }

  /** Returns the indexes that lose or get something, in the order of their sections. */
  List<String> indexes() {
    return List.copyOf(got.keySet());
  }

  void addTo(List<Object> args) {
    add(args, keys);
    add(args, revisions);
    add(args, written);
    add(args, deleted);
    addSorted(args, enlisted);
    for (String index : indexes()) { // a row that keeps its value may be told both ways
      List<String> gained = got.getOrDefault(index, List.of());
      var gone = new ArrayList<>(lost.getOrDefault(index, List.of()));
      gone.removeAll(Set.copyOf(gained));
      addSorted(args, gone);
      addSorted(args, gained);
    }
  }

  private static void add(List<Object> args, List<?> section) {
    args.add(section.size());
    args.addAll(section);
  }

  private static void addSorted(List<Object> args, List<String> section) {
    var sorted = new ArrayList<>(section);
    Collections.sort(sorted);
    add(args, sorted);
  }
}
