package io.refold.projections;

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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Stretches of history, for generations that are being filled. Within a window the events of a
 * stream follow each other, so each stream takes one read, however many log entries point to it.
 *
 * <p>Generations that are filled at the same time share the events of windows: each reads the log
 * under its own lease, up to where the first one has, and then one fetches for all. Who is ahead
 * waits for those that are still in the window before, but for each of them at most once, three
 * seconds: somebody slow goes its own way from there.
 *
 * <p>Memory: a window has at most 8,000 events (or a single append that has more), and fewer as
 * soon as one has had more than {@value #MAX_BYTES} bytes of payload. At most one per partition is
 * kept, and none where a single generation is filled. Thread-safe.
 */
final class HistoryWindows {
  private static final Duration PATIENCE = Duration.ofSeconds(3);
  private static final int MAX_BYTES = 4 * 1_024 * 1_024;
  private static final int FIRST_ENTRIES = 2_000;
  private static final int LEAST_ENTRIES = 65;
  private static final long NOT_YET = -1;

  private final EventStore store;
  private final Set<String> categories;
  private final Map<Integer, Lane> lanes = new ConcurrentHashMap<>();
  private volatile int entries = FIRST_ENTRIES;

  HistoryWindows(EventStore store, Set<String> categories) {
    this.store = store;
    this.categories = categories;
  }

  /** Entries behind a sequence, and their events once somebody has asked for them. */
  private final class Window {
    private final long behind;
    private final List<LogEntry> read;
    private @Nullable List<StoredEvent> events;

    Window(long behind, List<LogEntry> read) {
      this.behind = behind;
      this.read = read;
    }

    long end() {
      return read.getLast().position().sequence();
    }

    /** Returns what stands behind a sequence; a log has no gaps. */
    List<LogEntry> after(long sequence) {
      return sequence < behind || sequence >= end()
          ? List.of()
          : read.subList((int) (sequence - behind), read.size());
    }

    boolean holds(List<LogEntry> part) {
      List<LogEntry> same = after(part.getFirst().position().sequence() - 1);
      return same.size() >= part.size()
          && same.getFirst().position().equals(part.getFirst().position())
          && same.get(part.size() - 1).position().equals(part.getLast().position());
    }

    synchronized List<StoredEvent> events() {
      if (events == null) {
        events = measured(store.fetch(read, categories::contains));
      }
      return events;
    }
  }

  /** A partition: who is filled from it, and how far each is. */
  private static final class Lane {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition moved = lock.newCondition();
    private final Map<Generation, Long> reached = new HashMap<>();
    private volatile @Nullable Window window;

    List<LogEntry> after(long sequence) {
      Window current = window;
      return current == null ? List.of() : current.after(sequence);
    }

    /** Waits for those that still need the window that is there. */
    void awaitOthers(long sequence) {
      long left = PATIENCE.toNanos();
      while (others(sequence) && after(sequence).isEmpty()) {
        if (left <= 0) {
          reached.values().removeIf(other -> isNear(other, sequence));
          return;
        }
        try {
          left = moved.awaitNanos(left);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return;
        }
      }
    }

    void leave(Generation generation) {
      reached.remove(generation);
      moved.signalAll();
      if (reached.isEmpty()) {
        window = null;
      }
    }

    private boolean others(long sequence) {
      return reached.values().stream().anyMatch(other -> isNear(other, sequence));
    }

    /** Whoever is further behind reads for itself anyway. */
    private boolean isNear(long other, long sequence) {
      Window current = window;
      return other < sequence && (current == null ? other == NOT_YET : other >= current.behind);
    }
  }

  /** Reads what stands behind a position, as {@link Subscriptions#range} does. */
  Reading read(Subscriptions subscriptions, Lease lease, Position last, int most) {
    long sequence = last.sequence();
    Lane lane = lanes.computeIfAbsent(lease.partition(), partition -> new Lane());
    int shared;
    lane.lock.lock();
    try {
      lane.reached.put(lease.generation(), sequence);
      lane.moved.signalAll();
      lane.awaitOthers(sequence);
      shared = lane.after(sequence).size();
      if (shared == 0) {
        return load(lane, subscriptions, lease, last, most);
      }
    } finally {
      lane.lock.unlock();
    }
    return subscriptions.range(lease, last, Math.min(most, shared));
  }

  private Reading load(
      Lane lane, Subscriptions subscriptions, Lease lease, Position last, int most) {
    Reading reading = subscriptions.range(lease, last, Math.min(most, entries));
    if (!(reading instanceof Reading.Entries(List<LogEntry> read, boolean end))) {
      return reading;
    }
    List<LogEntry> bounded = PartitionOwner.atMost(read);
    if (!bounded.isEmpty()) {
      boolean gapless = bounded.getLast().position().sequence() == last.sequence() + bounded.size();
      lane.window =
          lane.reached.size() > 1 && gapless ? new Window(last.sequence(), bounded) : null;
    }
    boolean over = end && bounded.size() == read.size();
    if (over) {
      lane.leave(lease.generation());
    }
    return new Reading.Entries(bounded, over);
  }

  /** Returns the events of entries that were read together. */
  List<StoredEvent> fetch(List<LogEntry> part, Predicate<String> wanted) {
    Lane lane = lanes.get(part.getFirst().position().partition());
    Window window = lane == null ? null : lane.window;
    if (window == null || !window.holds(part)) {
      return measured(store.fetch(part, wanted));
    }
    long first = part.getFirst().position().sequence();
    long end = part.getLast().position().sequence();
    var events = new ArrayList<StoredEvent>();
    for (StoredEvent event : window.events()) {
      long sequence = event.position().sequence();
      if (sequence >= first && sequence <= end && wanted.test(event.stream().category())) {
        events.add(event);
      }
    }
    return events;
  }

  /** The next windows become smaller while payloads are large. */
  private List<StoredEvent> measured(List<StoredEvent> events) {
    long bytes = 0;
    for (StoredEvent event : events) {
      bytes += event.payload().data().length;
    }
    int now = entries;
    if (bytes > MAX_BYTES) {
      entries = Math.max(LEAST_ENTRIES, now / 2);
    } else if (bytes < MAX_BYTES / 4) {
      entries = Math.min(PartitionOwner.MAX_EVENTS, 2 * now);
    }
    return events;
  }

  void together(Collection<Generation> generations, int partitions) {
    for (int partition = 0; partition < partitions; partition++) {
      Lane lane = lanes.computeIfAbsent(partition, number -> new Lane());
      lane.lock.lock();
      try {
        generations.forEach(generation -> lane.reached.putIfAbsent(generation, NOT_YET));
      } finally {
        lane.lock.unlock();
      }
    }
  }

  void leave(Generation generation) {
    lanes.keySet().forEach(partition -> leave(generation, partition));
  }

  void leave(Generation generation, int partition) {
    Lane lane = lanes.get(partition);
    if (lane != null) {
      lane.lock.lock();
      try {
        lane.leave(generation);
      } finally {
        lane.lock.unlock();
      }
    }
  }

  /** Reads the events of a partition anew when they are wanted again. */
  void drop(int partition) {
    Lane lane = lanes.get(partition);
    if (lane != null) {
      lane.window = null;
    }
  }
}
