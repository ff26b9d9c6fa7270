package io.refold.projections.memory;

import io.refold.eventstore.Position;
import io.refold.eventstore.StreamId;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Views;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The reference of {@link Views}: one lock makes every call atomic. */
final class InMemoryViews implements Views {
  private static final Comparator<String> CODE_POINTS =
      (a, b) -> {
        int[] x = a.codePoints().toArray();
        int[] y = b.codePoints().toArray();
        return java.util.Arrays.compare(x, y);
      };

  private final Map<Key, Shard> shards = new HashMap<>();

  private record Key(Generation generation, int shard) {}

  private record Fence(String owner, long epoch) {}

  private static final class Shard {
    final Map<Integer, Fence> fences = new HashMap<>();
    final Map<Integer, Position> checkpoints = new HashMap<>();
    final Map<Integer, Map<StreamId, Note>> notes = new HashMap<>();
    final Map<Integer, Set<EventAddress>> drops = new HashMap<>();
    final TreeMap<String, StoredRow> rows = new TreeMap<>(CODE_POINTS);
    final Map<String, NavigableSet<String>> indexes = new HashMap<>();
    long revisions;

    Position checkpoint(int partition) {
      return checkpoints.getOrDefault(partition, Position.origin(partition));
    }

    Map<StreamId, Note> notes(int partition) {
      return notes.computeIfAbsent(partition, key -> new HashMap<>());
    }

    NavigableSet<String> order(Span span) {
      NavigableSet<String> all =
          span.index() == null
              ? rows.navigableKeySet()
              : indexes.getOrDefault(span.index(), new TreeSet<>());
      NavigableSet<String> from =
          span.min().equals("-") ? all : all.tailSet(span.min().substring(1), includes(span.min()));
      return span.max().equals("+")
          ? from
          : from.headSet(span.max().substring(1), includes(span.max()));
    }

    private static boolean includes(String bound) {
      return bound.charAt(0) == '[';
    }
  }

  private @Nullable Shard shard(Generation generation, int shard) {
    return shards.get(new Key(generation, shard));
  }

  @Override
  public synchronized void create(Generation generation, int shard) {
    shards.computeIfAbsent(new Key(generation, shard), key -> new Shard());
  }

  @Override
  public synchronized void delete(Generation generation, int shard, List<String> indexes) {
    shards.remove(new Key(generation, shard));
  }

  @Override
  public synchronized Fencing fence(int number, Lease lease) {
    Shard shard = shard(lease.generation(), number);
    if (shard == null) {
      return new Fencing.Gone();
    }
    Fence fence = shard.fences.get(lease.partition());
    if (fence != null
        && (fence.epoch() > lease.epoch()
            || (fence.epoch() == lease.epoch() && !fence.owner().equals(lease.owner())))) {
      return new Fencing.Refused(fence.epoch());
    }
    shard.fences.put(lease.partition(), new Fence(lease.owner(), lease.epoch()));
    return new Fencing.Done();
  }

  @Override
  public synchronized Optional<Head> head(Generation generation, int number, int partition) {
    return Optional.ofNullable(shard(generation, number))
        .map(shard ->
            new Head(
                shard.checkpoint(partition),
                shard.notes(partition),
                shard.drops.getOrDefault(partition, Set.of())));
  }

  @Override
  public synchronized void unnote(int number, Lease lease, StreamId stream) {
    Shard shard = shard(lease.generation(), number);
    if (shard != null && holds(shard, lease)) {
      shard.notes(lease.partition()).remove(stream);
    }
  }

  private static boolean holds(Shard shard, Lease lease) {
    return new Fence(lease.owner(), lease.epoch()).equals(shard.fences.get(lease.partition()));
  }

  @Override
  public synchronized Optional<Map<Integer, ShardRows>> read(
      Generation generation,
      int partition,
      Map<Integer, List<String>> keys,
      Collection<StreamId> streams) {
    var read = new HashMap<Integer, ShardRows>();
    for (var wanted : keys.entrySet()) {
      Shard shard = shard(generation, wanted.getKey());
      if (shard == null) {
        return Optional.empty();
      }
      var rows = new HashMap<String, StoredRow>();
      for (String key : wanted.getValue()) {
        StoredRow row = shard.rows.get(key);
        if (row != null) {
          rows.put(key, row);
        }
      }
      var notes = new HashMap<>(shard.notes(partition));
      notes.keySet().retainAll(streams);
      read.put(wanted.getKey(), new ShardRows(shard.checkpoint(partition), rows, notes));
    }
    return Optional.of(read);
  }

  @Override
  public synchronized Map<Integer, Outcome> commit(Lease lease, List<Commit> commits) {
    var outcomes = new HashMap<Integer, Outcome>();
    for (Commit commit : commits) {
      outcomes.put(commit.shard(), commit(lease, commit));
    }
    return outcomes;
  }

  private Outcome commit(Lease lease, Commit commit) {
    Shard shard = shard(lease.generation(), commit.shard());
    if (shard == null) {
      return Outcome.GONE;
    }
    if (!holds(shard, lease)) {
      return Outcome.FENCED;
    }
    boolean asRead =
        switch (commit.step()) {
          case Step.Passing step -> shard.checkpoint(lease.partition()).equals(step.expected());
          case Step.Retrying step ->
              step.expected().equals(shard.notes(lease.partition()).get(step.stream()));
        };
    if (!asRead) {
      return Outcome.CONFLICT;
    }
    for (RowChange change : commit.changes()) {
      StoredRow row = shard.rows.get(change.key());
      if ((row == null ? 0 : row.revision()) != change.revision()) {
        return Outcome.CONFLICT;
      }
    }
    commit.changes().forEach(change -> write(shard, change));
    commit.notes().forEach(shard.notes(lease.partition())::putIfAbsent);
    shard.drops.computeIfAbsent(lease.partition(), key -> new HashSet<>()).addAll(commit.drops());
    switch (commit.step()) {
      case Step.Passing step -> shard.checkpoints.put(lease.partition(), step.checkpoint());
      case Step.Retrying step -> shard.notes(lease.partition()).put(step.stream(), step.note());
    }
    return Outcome.DONE;
  }

  private static NavigableSet<String> index(Shard shard, IndexEntry entry) {
    return shard.indexes.computeIfAbsent(entry.index(), name -> new TreeSet<>(CODE_POINTS));
  }

  @Override
  public synchronized Optional<List<Hit>> select(Generation generation, int number, Span span) {
    var hits = new ArrayList<Hit>();
    for (int i = 0; i < number; i++) {
      Shard shard = shard(generation, i);
      if (shard == null) {
        return Optional.empty();
      }
      NavigableSet<String> order = shard.order(span);
      for (String member :
          (span.descending() ? order.descendingSet() : order)
              .stream().limit(span.limit()).toList()) {
        StoredRow row = shard.rows.get(new Hit(member, "").key(span));
        if (row != null) {
          hits.add(new Hit(member, row.json()));
        }
      }
    }
    return Optional.of(hits);
  }

  @Override
  public synchronized Optional<List<String>> members(Generation generation, int number, Span span) {
    return Optional.ofNullable(shard(generation, number))
        .map(shard -> shard.order(span).stream().limit(span.limit()).toList());
  }

  @Override
  public synchronized Optional<Keys> keys(Generation generation, int number, String from) {
    return Optional.ofNullable(shard(generation, number))
        .map(shard -> new Keys(shard.rows.size(), List.copyOf(shard.rows.keySet()), ""));
  }

  @Override
  public synchronized Outcome mend(int number, Lease fence, RowChange change) {
    Shard shard = shard(fence.generation(), number);
    if (shard == null) {
      return Outcome.GONE;
    }
    if (!holds(shard, fence)) {
      return Outcome.FENCED;
    }
    StoredRow row = shard.rows.get(change.key());
    if ((row == null ? 0 : row.revision()) != change.revision()) {
      return Outcome.CONFLICT;
    }
    write(shard, change);
    return Outcome.DONE;
  }

  private static void write(Shard shard, RowChange change) {
    @Nullable String json = change.json();
    if (json == null) {
      shard.rows.remove(change.key());
    } else {
      shard.rows.put(change.key(), new StoredRow(++shard.revisions, json));
    }
    for (IndexEntry entry : change.removed()) {
      index(shard, entry).remove(entry.value() + '\0' + change.key());
    }
    for (IndexEntry entry : change.added()) {
      index(shard, entry).add(entry.value() + '\0' + change.key());
    }
  }

  @Override
  public synchronized OptionalLong count(Generation generation, int number, Span span) {
    long count = 0;
    for (int i = 0; i < number; i++) {
      Shard shard = shard(generation, i);
      if (shard == null) {
        return OptionalLong.empty();
      }
      count += shard.order(span).size();
    }
    return OptionalLong.of(count);
  }
}
