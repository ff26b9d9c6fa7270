package io.refold.projections;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.StreamMark;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Finds the events that log entries point to, and tells events that were deleted from events that
 * were lost: a deleted stream ends with a mark that says so, whether or not the entries reach it
 * yet. Thread-safe.
 */
final class Resolver {
  private final EventStore store;
  private final SharedEvents events;
  private final Set<String> categories;

  Resolver(EventStore store, SharedEvents events, Set<String> categories) {
    this.store = store;
    this.events = events;
    this.categories = categories;
  }

  /**
   * Returns the events and marks of the categories, in log order. Of a stream that was deleted,
   * what stands behind the first event that is gone is left out, but not the mark of its deletion.
   *
   * @throws MissingEvents if events are gone, or are of another append, in streams that were not
   *     deleted
   */
  List<StoredEvent> resolve(List<LogEntry> entries) throws MissingEvents {
    List<StoredEvent> fetched = events.fetch(entries, categories::contains);
    var found = new ArrayList<StoredEvent>(fetched.size());
    var missing = new LinkedHashMap<StreamId, SortedSet<Long>>();
    int next = 0;
    for (LogEntry entry : entries) {
      for (LogEntry.Pointer pointer : entry.pointers()) {
        if (!categories.contains(pointer.stream().category())) {
          continue;
        }
        for (long version = pointer.firstVersion(); version <= pointer.lastVersion(); version++) {
          if (next < fetched.size()
              && fetched.get(next).version() == version
              && fetched.get(next).stream().equals(pointer.stream())) {
            StoredEvent event = fetched.get(next++);
            if (event.position().equals(entry.position())) {
              found.add(event);
              continue;
            }
          }
          missing.computeIfAbsent(pointer.stream(), stream -> new TreeSet<>()).add(version);
        }
      }
    }
    return missing.isEmpty() ? found : withoutDeleted(found, missing);
  }

  private List<StoredEvent> withoutDeleted(
      List<StoredEvent> found, Map<StreamId, SortedSet<Long>> missing) throws MissingEvents {
    var deletions = new LinkedHashMap<StreamId, StoredEvent>();
    for (StoredEvent event : found) {
      if (isDeletion(event)) {
        deletions.put(event.stream(), event);
      }
    }
    var lost = new LinkedHashMap<>(missing);
    lost.entrySet()
        .removeIf(stream -> {
          StoredEvent deletion = deletions.get(stream.getKey());
          return deletion == null
              ? deletedBehind(stream.getKey(), stream.getValue().last())
              : deletion.version() > stream.getValue().last();
        });
    if (!lost.isEmpty()) {
      throw new MissingEvents(lost);
    }
    found.removeIf(event -> {
      SortedSet<Long> gone = missing.get(event.stream());
      return gone != null && event.version() > gone.first() && !isDeletion(event);
    });
    return found;
  }

  /** A deleted stream holds nothing but the mark. */
  private boolean deletedBehind(StreamId stream, long version) {
    List<StoredEvent> first = store.read(stream, 0, 1);
    return !first.isEmpty() && isDeletion(first.getFirst()) && first.getFirst().version() > version;
  }

  SharedEvents events() {
    return events;
  }

  /** Tells whether an entry has events or marks of the categories. */
  boolean wants(LogEntry entry) {
    return entry.pointers().stream().anyMatch(p -> categories.contains(p.stream().category()));
  }

  /** Reads the events of these entries anew when they are wanted again. */
  void drop(List<LogEntry> entries) {
    events.drop(entries);
  }

  static boolean isDeletion(StoredEvent event) {
    return StreamMark.of(event).orElse(null) instanceof StreamMark.Deleted;
  }
}
