package io.refold.projections.reactions;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.StreamMark;
import io.refold.projections.EventFailure;
import io.refold.projections.store.Deliveries.Failed;
import io.refold.projections.store.EventAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Delayed;
import java.util.concurrent.TimeUnit;

/** A log entry under way: which of its events are handled, and when the others are tried again. */
final class Work implements Delayed {
  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  private final LogEntry entry;
  private final Set<EventAddress> done = new HashSet<>();
  private List<Failed> failed = List.of();
  private int attempt;
  private Duration pause = FIRST_PAUSE;
  private long at = System.nanoTime();

  private Work(LogEntry entry) {
    this.entry = entry;
  }

  static Work of(LogEntry entry) {
    return new Work(entry);
  }

  Position position() {
    return entry.position();
  }

  int partition() {
    return entry.position().partition();
  }

  /** Returns the events that failed at the last attempt. */
  List<Failed> failed() {
    return failed;
  }

  /**
   * Handles the events that are not handled yet.
   *
   * @param attempts how often an event is tried
   * @return whether that is all: the rest has failed for good
   */
  boolean run(EventStore events, Set<String> categories, Handling handling, int attempts) {
    attempt++;
    var failing = new ArrayList<Failed>();
    for (StoredEvent event : fetch(events, categories)) {
      var address = EventAddress.of(event);
      if (!done.contains(address)) {
        try {
          handling.runInWorker(event);
          done.add(address);
        } catch (EventFailure failure) {
          String reason = String.valueOf(failure.getMessage());
          failing.add(new Failed(address, reason, attempt, Instant.EPOCH));
        } catch (RuntimeException away) { // its store; no attempt
          attempt--;
          throw away;
        }
      }
    }
    failed = failing;
    if (!failing.isEmpty() && attempt < attempts) {
      at = System.nanoTime() + pause.toNanos();
      Duration twice = pause.multipliedBy(2);
      pause = twice.compareTo(LONGEST_PAUSE) < 0 ? twice : LONGEST_PAUSE;
      return false;
    }
    return true;
  }

  /** Events may only be missing in streams that were deleted. */
  private List<StoredEvent> fetch(EventStore events, Set<String> categories) {
    List<StoredEvent> fetched =
        events.fetch(List.of(entry), categories::contains).stream()
            .filter(event -> event.position().equals(position()))
            .toList();
    for (LogEntry.Pointer pointer : entry.pointers()) {
      StreamId stream = pointer.stream();
      long there = fetched.stream().filter(event -> event.stream().equals(stream)).count();
      if (categories.contains(stream.category())
          && there < pointer.count()
          && !deleted(events, stream)) {
        throw new IllegalStateException(
            "history was lost: events %d to %d of %s are not the ones that the log names"
                .formatted(pointer.firstVersion(), pointer.lastVersion(), stream));
      }
    }
    return fetched;
  }

  private static boolean deleted(EventStore events, StreamId stream) {
    List<StoredEvent> first = events.read(stream, 0, 1);
    return !first.isEmpty()
        && StreamMark.of(first.getFirst()).orElse(null) instanceof StreamMark.Deleted;
  }

  /** Has it tried again after a while. */
  Work delayed(Duration by) {
    at = System.nanoTime() + by.toNanos();
    return this;
  }

  @Override
  public long getDelay(TimeUnit unit) {
    return unit.convert(at - System.nanoTime(), TimeUnit.NANOSECONDS);
  }

  @Override
  public int compareTo(Delayed other) {
    return Long.compare(getDelay(TimeUnit.NANOSECONDS), other.getDelay(TimeUnit.NANOSECONDS));
  }
}
