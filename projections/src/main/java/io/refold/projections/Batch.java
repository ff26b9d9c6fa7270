package io.refold.projections;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.projections.store.Views;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Consecutive log entries with their events decoded and sorted by the rows they change. Folding is
 * pure, so it can be repeated over rows that were read again.
 */
final class Batch<V> {
  private final RowFormat<V> format;
  private final Position last;
  private final Map<Integer, Map<String, List<Change<V>>>> byShard = new HashMap<>();

  /** One event's change of one row, with its place in the batch. */
  private record Change<V>(int entry, StoredEvent event, Source.Touch<V> touch) {
    long sequence() {
      return event.position().sequence();
    }
  }

  private Batch(RowFormat<V> format, Position last) {
    this.format = format;
    this.last = last;
  }

  /**
   * Fetches and decodes the events of log entries.
   *
   * @return empty if an event is not there any more or is of another append: history was lost
   * @throws EventFailure for the first event that cannot be decoded or names no valid rows
   */
  static <V> Optional<Batch<V>> of(
      RowFormat<V> format, int shards, SharedEvents events, List<LogEntry> entries)
      throws EventFailure {
    var batch = new Batch<>(format, entries.getLast().position());
    List<StoredEvent> fetched = events.fetch(entries, format.categories()::contains);
    int next = 0;
    for (int i = 0; i < entries.size(); i++) {
      for (LogEntry.Pointer pointer : entries.get(i).pointers()) {
        if (!format.categories().contains(pointer.stream().category())) {
          continue;
        }
        for (long version = pointer.firstVersion(); version <= pointer.lastVersion(); version++) {
          if (next >= fetched.size()) {
            return Optional.empty();
          }
          StoredEvent event = fetched.get(next++);
          if (event.version() != version
              || !event.stream().equals(pointer.stream())
              || !event.position().equals(entries.get(i).position())) {
            return Optional.empty();
          }
          batch.add(i, event, shards);
        }
      }
    }
    return Optional.of(batch);
  }

  @SuppressWarnings("CatchFail") // whatever a user's code throws is the event's failure
  private void add(int entry, StoredEvent event, int shards) throws EventFailure {
    try {
      for (Source<V> source : format.sources()) {
        if (source.category().equals(event.stream().category())) {
          for (Source.Touch<V> touch : source.touches(event)) {
            byShard
                .computeIfAbsent(
                    RowFormat.shard(touch.key(), shards), shard -> new LinkedHashMap<>())
                .computeIfAbsent(touch.key(), key -> new ArrayList<>(1))
                .add(new Change<>(entry, event, touch));
          }
        }
      }
    } catch (OutOfMemoryError e) { // no fault of this event
      throw e;
    } catch (Throwable e) {
      throw new EventFailure(entry, event, e);
    }
  }

  /** Returns the rows that the batch changes, per shard. */
  Map<Integer, List<String>> keys() {
    var keys = new HashMap<Integer, List<String>>();
    byShard.forEach((shard, rows) -> keys.put(shard, List.copyOf(rows.keySet())));
    return keys;
  }

  /**
   * Folds a shard's part over what was read of it. Events that the shard has applied already are
   * left out.
   *
   * @return empty if there is nothing to write
   * @throws EventFailure for an event that cannot be applied
   */
  Optional<Views.Commit> fold(int shard, Views.ShardRows read) throws EventFailure {
    var changes = new ArrayList<Views.RowChange>();
    for (var row : byShard.getOrDefault(shard, Map.of()).entrySet()) {
      List<Change<V>> pending = row.getValue();
      int first = 0;
      while (first < pending.size()
          && pending.get(first).sequence() <= read.checkpoint().sequence()) {
        first++;
      }
      if (first < pending.size()) {
        changes.add(
            fold(
                row.getKey(),
                pending.subList(first, pending.size()),
                read.rows().get(row.getKey())));
      }
    }
    return changes.isEmpty()
        ? Optional.empty()
        : Optional.of(new Views.Commit(shard, read.checkpoint(), last, changes));
  }

  private Views.RowChange fold(
      String key, List<Change<V>> changes, Views.@Nullable StoredRow stored) throws EventFailure {
    Change<V> current = changes.getFirst();
    try {
      @Nullable V before = stored == null ? null : format.read(key, stored.json());
      List<Views.IndexEntry> removed = format.entries(before);
      @Nullable V after = before;
      for (Change<V> change : changes) {
        current = change;
        after = change.touch().apply(after);
      }
      List<Views.IndexEntry> added = format.entries(after);
      @Nullable String json = after == null ? null : format.write(key, after);
      long revision = stored == null ? 0 : stored.revision();
      return removed.equals(added)
          ? new Views.RowChange(key, revision, json, List.of(), List.of())
          : new Views.RowChange(key, revision, json, removed, added);
    } catch (OutOfMemoryError e) { // no fault of this event
      throw e;
    } catch (Throwable e) {
      throw new EventFailure(current.entry(), current.event(), e);
    }
  }
}
