package io.refold.eventstore;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What an event store promises, in maps and lists. Answers are lines of text. */
final class PlainStore {
  /** An entry of a stream: an event with its sum, or a mark. */
  record Entry(long version, String commandId, long cents) {}

  /** A snapshot: the version it is of, and the entry that stood there. */
  private record Kept(long version) {}

  /** A stream with what has ended it. */
  static final class Stream {
    final List<Entry> entries = new ArrayList<>();
    String ended = "";
    long version;

    List<Entry> behind(long known) {
      return entries.stream().filter(entry -> entry.version() > known).toList();
    }

    long cents() {
      return entries.stream().mapToLong(Entry::cents).sum();
    }

    @Nullable Entry last(String commandId, long known) {
      return behind(Math.max(known, version - EventStore.RECOGNISED_EVENTS)).stream()
          .filter(entry -> entry.commandId().equals(commandId))
          .reduce((first, second) -> second)
          .orElse(null);
    }
  }

  final Map<String, Stream> streams = new TreeMap<>();
  final List<Map<String, Integer>> log = new ArrayList<>();
  private final Map<String, Kept> snapshots = new HashMap<>();

  Stream stream(String id) {
    return streams.computeIfAbsent(id, key -> new Stream());
  }

  /**
   * Appends events to streams.
   *
   * @param expected the version that each is expected to be at; -1 for any
   */
  String append(Map<String, Long> expected, List<Long> cents, String commandId) {
    var repeated = new TreeMap<String, Long>();
    String refused = "";
    var missed = new ArrayList<String>();
    for (var one : new TreeMap<>(expected).entrySet()) {
      Stream stream = stream(one.getKey());
      Entry same = stream.last(commandId, Math.max(0, one.getValue()));
      if (same != null) {
        repeated.put(one.getKey(), same.version());
      }
      if (!stream.ended.isEmpty() && refused.isEmpty()) {
        refused = "refused " + one.getKey() + " " + stream.ended;
      }
      if (one.getValue() >= 0 && one.getValue() != stream.version) {
        String ids =
            stream.behind(one.getValue()).stream()
                .limit(EventStore.RECOGNISED_EVENTS)
                .map(entry -> entry.version() + entry.commandId())
                .collect(Collectors.joining(" "));
        missed.add(one.getKey() + " at " + stream.version + " [" + ids + "]");
      }
    }
    if (!repeated.isEmpty()) {
      return "repeat " + repeated;
    }
    if (!refused.isEmpty()) {
      return refused;
    }
    if (!missed.isEmpty()) {
      return "conflict " + missed;
    }
    var written = new TreeMap<String, Integer>();
    var versions = new TreeMap<String, Long>();
    for (String id : new TreeMap<>(expected).keySet()) {
      Stream stream = stream(id);
      cents.forEach(sum -> stream.entries.add(new Entry(++stream.version, commandId, sum)));
      versions.put(id, stream.version);
      written.put(id, cents.size());
    }
    log.add(written);
    return "appended " + versions;
  }

  /** Closes or deletes a stream. */
  String mark(String id, String how) {
    Stream stream = stream(id);
    if (stream.ended.equals(how)) {
      return "repeat {" + id + "=" + stream.version + "}";
    }
    if (stream.ended.equals("DELETED")) {
      return "refused " + id + " DELETED";
    }
    stream.version++;
    if (how.equals("DELETED")) {
      stream.entries.clear();
      snapshots.remove(id);
    }
    stream.entries.add(new Entry(stream.version, "mark", 0));
    stream.ended = how;
    log.add(Map.of(id, 1));
    return "appended {" + id + "=" + stream.version + "}";
  }

  /** Saves a snapshot of the event at a version. */
  boolean save(String id, long version) {
    Stream stream = stream(id);
    Kept there = snapshots.get(id);
    boolean holds = stream.entries.stream().anyMatch(entry -> entry.version() == version);
    if (!holds
        || stream.version - version > EventStore.RECOGNISED_EVENTS
        || (there != null && there.version() > version)) {
      return false;
    }
    snapshots.put(id, new Kept(version));
    return true;
  }

  /** Returns the version that is loaded from a snapshot; 0 if there is none. */
  long saved(String id) {
    return snapshots.getOrDefault(id, new Kept(0)).version();
  }
}
