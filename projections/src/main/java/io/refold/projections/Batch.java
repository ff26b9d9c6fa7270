package io.refold.projections;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.StreamMark;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Heads.Note;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Views;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The events of consecutive log entries, decoded and sorted by the rows they change. Folding is
 * pure, so it can be repeated over rows that were read again.
 *
 * <p>Where a stream was deleted or data in it forgotten, its row is folded afresh up to the mark,
 * and what follows is applied on top.
 */
final class Batch<V> {
  private final RowFormat<V> format;
  private final int shards;
  private final Position last;
  private final StreamStates states;
  private final Parking parking;
  private final Map<String, StoredEvent> afresh = new HashMap<>();
  private final List<StoredEvent> outdating = new ArrayList<>();
  private final List<StoredEvent> parked = new ArrayList<>();
  private final List<StoredEvent> dropped = new ArrayList<>();
  private final Map<Integer, Map<String, List<Change<V>>>> byShard = new HashMap<>();

  /** One event's change of one row. */
  private record Change<V>(StoredEvent event, Source.Touch<V> touch) {
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

  private Batch(
      RowFormat<V> format, int shards, Position last, StreamStates states, Parking parking) {
    this.states = states;
    this.parking = parking;
    this.format = format;
    this.shards = shards;
    this.last = last;
  }

  /**
   * Decodes events, but for those that are parked or dropped. Marks come first: once data was
   * forgotten, no codec of this process is to read it from a cache.
   *
   * @param store where the streams are read whose rows are folded afresh
   * @param states the states of streams that sources fold
   * @param last the checkpoint behind the events
   * @throws EventFailure for an event that cannot be decoded or names no valid rows
   * @throws MissingEvents if history was lost
   */
  static <V> Batch<V> of(
      RowFormat<V> format,
      int shards,
      EventStore store,
      StreamStates states,
      List<StoredEvent> events,
      Position last,
      Parking parking)
      throws EventFailure, MissingEvents {
    var batch = new Batch<>(format, shards, last, states, parking);
    var open = new ArrayList<StoredEvent>(events.size());
    for (StoredEvent event : events) {
      if (parking.parks(event)) {
        batch.parked.add(event);
      } else if (parking.drops(event)) {
        batch.dropped.add(event);
      } else {
        open.add(event);
      }
    }
    for (StoredEvent event : open) {
      batch.meet(event);
    }
    for (StoredEvent event : open) {
      batch.add(event);
      if (event.equals(batch.afresh.get(event.stream().id()))) {
        batch.refold(event, new RowHistory<>(store, format, event, parking).fold());
      }
    }
    return batch;
  }

  /** Decodes a parked event that is tried again. */
  static <V> Batch<V> again(
      RowFormat<V> format,
      int shards,
      EventStore store,
      StreamStates states,
      StoredEvent event,
      Parking parking)
      throws EventFailure, MissingEvents {
    return of(
        format,
        shards,
        store,
        states,
        List.of(event),
        event.position(),
        parking.without(event.stream()));
  }

  /** Takes notice of a mark; only the last one of a row is of consequence. */
  private void meet(StoredEvent event) throws EventFailure {
    try {
      Optional<StreamMark> mark = StreamMark.of(event);
      if (mark.isEmpty()) {
        return;
      }
      format.touches(event, states, parking);
      switch (format.effect(event.stream().category(), mark.get())) {
        case NONE -> {}
        case FOLD_AFRESH -> afresh.put(event.stream().id(), event);
        case OUTDATE -> outdating.add(event);
      }
    } catch (RuntimeException e) {
      throw EventFailure.of(event, e);
    }
  }

  @SuppressWarnings("CatchFail") // whatever a user's code throws is the event's failure
  private void add(StoredEvent event) throws EventFailure {
    try {
      for (Source.Touch<V> touch : format.touches(event, states, parking)) {
        changes(touch.key()).add(new Change<>(event, touch));
      }
    } catch (Throwable e) {
      throw EventFailure.of(event, e);
    }
  }

  /** Replaces the row, whatever the events before the mark have made of it. */
  private void refold(StoredEvent mark, @Nullable V row) {
    String key = mark.stream().id();
    changes(key).add(new Change<>(mark, new Replacement<>(key, row)));
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

  /** Returns the checkpoint behind the events. */
  Position last() {
    return last;
  }

  /** Returns the streams of which events are parked. */
  Set<StreamId> waiting() {
    return parked.stream().map(StoredEvent::stream).collect(Collectors.toSet());
  }

  /**
   * Returns the rows that the batch changes, per shard. Every shard takes part where events are
   * left out, because each one records that it has passed them.
   */
  Map<Integer, List<String>> keys() {
    var keys = new HashMap<Integer, List<String>>();
    if (!parked.isEmpty() || !dropped.isEmpty()) {
      for (int shard = 0; shard < shards; shard++) {
        keys.put(shard, List.of());
      }
    }
    byShard.forEach((shard, rows) -> keys.put(shard, List.copyOf(rows.keySet())));
    return keys;
  }

  /**
   * Folds a shard's part over what was read of it. Events that the shard has applied already are
   * left out. A shard that passes an event without it moves its checkpoint, even if nothing else
   * changes: what is retried later is told apart by that from what is still to come.
   *
   * @return empty if there is nothing to write
   * @throws EventFailure for an event that cannot be applied
   */
  Optional<Views.Commit> fold(int shard, Views.ShardRows read) throws EventFailure {
    long passed = read.checkpoint().sequence();
    var changes = new ArrayList<Views.RowChange>();
    for (var row : byShard.getOrDefault(shard, Map.of()).entrySet()) {
      List<Change<V>> pending = row.getValue();
      int first = 0;
      while (first < pending.size() && pending.get(first).sequence() <= passed) {
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
    boolean passes = false;
    var notes = new HashMap<StreamId, Note>();
    for (StoredEvent event : parked) {
      if (event.position().sequence() > passed) {
        passes = true;
        if (!read.notes().containsKey(event.stream())) {
          notes.putIfAbsent(
              event.stream(), new Note(event.version() - 1, Position.origin(last.partition())));
        }
      }
    }
    var drops = new HashSet<EventAddress>();
    for (StoredEvent event : dropped) {
      if (event.position().sequence() > passed) {
        passes = true;
        drops.add(EventAddress.of(event));
      }
    }
    return changes.isEmpty() && !passes
        ? Optional.empty()
        : Optional.of(
            new Views.Commit(
                shard, new Views.Step.Passing(read.checkpoint(), last), changes, notes, drops));
  }

  /** Folds a parked event, this batch's only one, into a shard that has passed it without. */
  Views.Commit again(int shard, Views.ShardRows read, StoredEvent event, Note note)
      throws EventFailure {
    var changes = new ArrayList<Views.RowChange>();
    for (var row : byShard.getOrDefault(shard, Map.of()).entrySet()) {
      changes.add(fold(row.getKey(), row.getValue(), read.rows().get(row.getKey())));
    }
    return new Views.Commit(
        shard,
        new Views.Step.Retrying(event.stream(), note, new Note(event.version(), last)),
        changes,
        Map.of(),
        dropped.stream().map(EventAddress::of).collect(Collectors.toSet()));
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
    } catch (Throwable e) {
      throw EventFailure.of(current.event(), e);
    }
  }
}
