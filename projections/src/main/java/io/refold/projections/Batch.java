package io.refold.projections;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamMark;
import io.refold.projections.Resolver.Resolved;
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
 *
 * <p>Where a stream was deleted or data in it forgotten, its row is folded afresh up to the mark,
 * and what follows is applied on top.
 */
final class Batch<V> {
  private final RowFormat<V> format;
  private final int shards;
  private final Position last;
  private final Map<String, Resolved> afresh = new HashMap<>();
  private final List<StoredEvent> outdating = new ArrayList<>();
  private final Map<Integer, Map<String, List<Change<V>>>> byShard = new HashMap<>();

  /** One event's change of one row, with its place in the batch. */
  private record Change<V>(int entry, StoredEvent event, Source.Touch<V> touch) {
    long sequence() {
      return event.position().sequence();
    }
  }

  /** A row that was folded afresh. */
  private record Replacement<V>(String key, @Nullable V row) implements Source.Touch<V> {
    @Override
    public @Nullable V apply(@Nullable V before) {
      return row;
    }
  }

  private Batch(RowFormat<V> format, int shards, Position last) {
    this.format = format;
    this.shards = shards;
    this.last = last;
  }

  /**
   * Decodes the events of log entries. Marks come first: once data was forgotten, no codec of this
   * process is to read it from a cache.
   *
   * @param store where the streams are read whose rows are folded afresh
   * @throws EventFailure for an event that cannot be decoded or names no valid rows
   * @throws MissingEvents if history was lost
   */
  static <V> Batch<V> of(
      RowFormat<V> format, int shards, EventStore store, Resolver resolver, List<LogEntry> entries)
      throws EventFailure, MissingEvents {
    var batch = new Batch<>(format, shards, entries.getLast().position());
    List<Resolved> resolved = resolver.resolve(entries);
    for (Resolved met : resolved) {
      batch.meet(met);
    }
    for (Resolved met : resolved) {
      batch.add(met);
      if (met.equals(batch.afresh.get(met.event().stream().id()))) {
        batch.refold(met, new RowHistory<>(store, format, met).fold());
      }
    }
    return batch;
  }

  /** Takes notice of a mark; only the last one of a row is of consequence. */
  private void meet(Resolved met) throws EventFailure {
    StoredEvent event = met.event();
    try {
      Optional<StreamMark> mark = StreamMark.of(event);
      if (mark.isEmpty()) {
        return;
      }
      format.touches(event);
      switch (format.effect(event.stream().category(), mark.get())) {
        case NONE -> {}
        case FOLD_AFRESH -> afresh.put(event.stream().id(), met);
        case OUTDATE -> outdating.add(event);
      }
    } catch (RuntimeException e) {
      throw new EventFailure(met.entry(), event, e);
    }
  }

  @SuppressWarnings("CatchFail") // whatever a user's code throws is the event's failure
  private void add(Resolved met) throws EventFailure {
    try {
      for (Source.Touch<V> touch : format.touches(met.event())) {
        changes(touch.key()).add(new Change<>(met.entry(), met.event(), touch));
      }
    } catch (OutOfMemoryError e) { // no fault of this event
      throw e;
    } catch (Throwable e) {
      throw new EventFailure(met.entry(), met.event(), e);
    }
  }

  /** Replaces the row, whatever the events before the mark have made of it. */
  private void refold(Resolved met, @Nullable V row) {
    String key = met.event().stream().id();
    changes(key).add(new Change<>(met.entry(), met.event(), new Replacement<>(key, row)));
  }

  private List<Change<V>> changes(String key) {
    return byShard
        .computeIfAbsent(RowFormat.shard(key, shards), shard -> new LinkedHashMap<>())
        .computeIfAbsent(key, row -> new ArrayList<>(1));
  }

  /** Returns the marks that tell of data which is in rows that were left as they are. */
  List<StoredEvent> outdating() {
    return outdating;
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
