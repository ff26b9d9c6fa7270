package io.refold.projections;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Scheduler;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Subscriptions;
import io.refold.projections.store.Subscriptions.Reading;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Future;
import java.util.function.Predicate;

/**
 * Fetches events once for all projections of a process. Of new events they all want the same ones
 * at nearly the same time: whoever comes first fetches, the others wait for the result, of which up
 * to 32 MiB are kept for 10 seconds. History is read in {@linkplain HistoryWindows windows}, which
 * projections that are rebuilt together share. Thread-safe.
 */
final class SharedEvents {
  private static final int FEW = 64;
  private static final long KEPT_BYTES = 32L << 20;
  private static final Duration KEPT_FOR = Duration.ofSeconds(10);
  private static final int OVERHEAD_BYTES = 1_024;
  private static final int BATCH_BYTES = 4 << 20;
  private static final int FIRST_BATCH = 32;

  private final EventStore store;
  private final Set<String> categories;
  private final boolean alone;
  private final HistoryWindows windows;
  private final Cache<Position, CompletableFuture<List<StoredEvent>>> kept =
      Caffeine.newBuilder()
          .maximumWeight(KEPT_BYTES)
          .weigher(SharedEvents::weight)
          .expireAfterAccess(KEPT_FOR)
          .executor(Runnable::run)
          .scheduler(Scheduler.systemScheduler())
          .build();
  private volatile int batch = FIRST_BATCH;

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

  /**
   * Returns how many new entries to read at once: few at first, and fewer while payloads are large.
   */
  int batch(int most) {
    return Math.min(most, batch);
  }

  /** Does what {@link EventStore#fetch} does. */
  List<StoredEvent> fetch(List<LogEntry> entries, Predicate<String> wanted) {
    List<StoredEvent> events = fetched(entries, wanted);
    long bytes = bytes(events);
    int now = batch;
    if (bytes > BATCH_BYTES) {
      batch = (int) Math.max(1, entries.size() * (long) BATCH_BYTES / bytes);
    } else if (bytes < BATCH_BYTES / 4) {
      batch = Math.min(PartitionOwner.MAX_EVENTS, 2 * now);
    }
    return events;
  }

  private List<StoredEvent> fetched(List<LogEntry> entries, Predicate<String> wanted) {
    if (entries.size() > FEW) {
      return windows.fetch(entries, wanted);
    }
    if (alone) {
      return store.fetch(entries, wanted);
    }
    var results = new ArrayList<CompletableFuture<List<StoredEvent>>>(entries.size());
    var mine = new LinkedHashMap<LogEntry, CompletableFuture<List<StoredEvent>>>();
    for (LogEntry entry : entries) {
      var fresh = new CompletableFuture<List<StoredEvent>>();
      CompletableFuture<List<StoredEvent>> known =
          kept.asMap().putIfAbsent(entry.position(), fresh);
      if (known == null) {
        mine.put(entry, fresh);
      }
      results.add(known == null ? fresh : known);
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

  private static int weight(Position position, CompletableFuture<List<StoredEvent>> result) {
    long loaded = result.state() == Future.State.SUCCESS ? bytes(result.resultNow()) : 0;
    return (int) Math.min(Integer.MAX_VALUE, OVERHEAD_BYTES + loaded);
  }

  private static long bytes(List<StoredEvent> events) {
    return events.stream().mapToLong(event -> event.payload().data().length).sum();
  }

  private void load(Map<LogEntry, CompletableFuture<List<StoredEvent>>> mine) {
    try {
      Map<Position, List<StoredEvent>> loaded = new LinkedHashMap<>();
      mine.keySet().forEach(entry -> loaded.put(entry.position(), new ArrayList<>()));
      var strays = new ArrayList<StoredEvent>();
      for (StoredEvent event : store.fetch(mine.keySet(), categories::contains)) {
        loaded.getOrDefault(event.position(), strays).add(event);
      }
      mine.forEach((entry, result) -> {
        result.complete(List.copyOf(loaded.getOrDefault(entry.position(), List.of())));
        kept.asMap().replace(entry.position(), result, result); // weighs it anew
      });
    } catch (RuntimeException | Error e) {
      mine.keySet().forEach(entry -> kept.invalidate(entry.position()));
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
    entries.forEach(entry -> kept.invalidate(entry.position()));
  }

  /** Returns how to fetch for a single projection. */
  static SharedEvents alone(EventStore store) {
    return new SharedEvents(store, Set.of(), 1);
  }
}
