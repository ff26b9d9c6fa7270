package io.refold.projections;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Subscriptions;
import io.refold.projections.store.Subscriptions.Reading;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Predicate;

/**
 * Fetches events once for all projections of a process. Of new events they all want the same ones
 * at nearly the same time: whoever comes first fetches, the others wait for the result. History is
 * read in {@linkplain HistoryWindows windows}, which projections that are rebuilt together share.
 * Thread-safe.
 */
final class SharedEvents {
  private static final int FEW = 64;
  private static final int KEPT = 1_024;

  private final EventStore store;
  private final Set<String> categories;
  private final boolean alone;
  private final HistoryWindows windows;
  private final Map<Position, CompletableFuture<List<StoredEvent>>> kept =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(
            Map.Entry<Position, CompletableFuture<List<StoredEvent>>> eldest) {
          return size() > KEPT;
        }
      };

  /**
   * Prepares to fetch.
   *
   * @param categories what any of the projections wants
   * @param projections how many projections there are
   */
  SharedEvents(EventStore store, Set<String> categories, int projections) {
    this.store = store;
    this.categories = Set.copyOf(categories);
    this.alone = projections < 2;
    this.windows = new HistoryWindows(store, this.categories);
  }

  /**
   * Reads the history behind a position, for a generation that is being filled.
   *
   * @param most how many entries at most
   * @return as {@link Subscriptions#range} does, maybe fewer entries
   */
  Reading history(Subscriptions subscriptions, Lease lease, Position last, int most) {
    return most <= FEW
        ? subscriptions.range(lease, last, most)
        : windows.read(subscriptions, lease, last, most);
  }

  /**
   * Lets generations that begin to be filled now wait for each other, so that they share windows
   * from the first one on.
   */
  void together(Collection<Generation> generations) {
    windows.together(generations, store.partitions());
  }

  /** Lets nobody wait for a generation any more. */
  void leave(Generation generation) {
    windows.leave(generation);
  }

  /** Lets nobody wait for a generation in one partition: it is not read here any more. */
  void leave(Generation generation, int partition) {
    windows.leave(generation, partition);
  }

  /** Does what {@link EventStore#fetch} does. */
  List<StoredEvent> fetch(List<LogEntry> entries, Predicate<String> wanted) {
    if (entries.size() > FEW) {
      return windows.fetch(entries, wanted);
    }
    if (alone) {
      return store.fetch(entries, wanted);
    }
    var results = new ArrayList<CompletableFuture<List<StoredEvent>>>(entries.size());
    var mine = new LinkedHashMap<LogEntry, CompletableFuture<List<StoredEvent>>>();
    synchronized (kept) {
      for (LogEntry entry : entries) {
        CompletableFuture<List<StoredEvent>> known = kept.get(entry.position());
        if (known == null) {
          known = new CompletableFuture<>();
          kept.put(entry.position(), known);
          mine.put(entry, known);
        }
        results.add(known);
      }
    }
    if (!mine.isEmpty()) {
      load(mine);
    }
    var events = new ArrayList<StoredEvent>();
    for (CompletableFuture<List<StoredEvent>> result : results) {
      for (StoredEvent event : events(result)) {
        if (wanted.test(event.stream().category())) {
          events.add(event);
        }
      }
    }
    return events;
  }

  private void load(Map<LogEntry, CompletableFuture<List<StoredEvent>>> mine) {
    try {
      Map<Position, List<StoredEvent>> loaded = new LinkedHashMap<>();
      mine.keySet().forEach(entry -> loaded.put(entry.position(), new ArrayList<>()));
      var strays = new ArrayList<StoredEvent>();
      for (StoredEvent event : store.fetch(mine.keySet(), categories::contains)) {
        loaded.getOrDefault(event.position(), strays).add(event);
      }
      mine.forEach((entry, result) ->
          result.complete(List.copyOf(loaded.getOrDefault(entry.position(), List.of()))));
    } catch (RuntimeException | Error e) {
      synchronized (kept) {
        mine.keySet().forEach(entry -> kept.remove(entry.position()));
      }
      mine.values().forEach(result -> result.completeExceptionally(e));
      throw e;
    }
  }

  private static List<StoredEvent> events(CompletableFuture<List<StoredEvent>> result) {
    try {
      return result.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw e;
    }
  }

  /**
   * Fetches the events of these entries anew when they are wanted again. For events that could not
   * be applied: their stream may have been deleted since they were fetched.
   */
  void drop(List<LogEntry> entries) {
    windows.drop(entries.getFirst().position().partition());
    synchronized (kept) {
      entries.forEach(entry -> kept.remove(entry.position()));
    }
  }

  /** Returns how to fetch for a single projection. */
  static SharedEvents alone(EventStore store) {
    return new SharedEvents(store, Set.of(), 1);
  }
}
