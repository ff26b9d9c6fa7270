package io.refold.projections;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.LogHead;
import io.refold.eventstore.Position;
import io.refold.projections.store.Subscriptions.Place;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Where something that is never filled afresh begins, when it is started for the very first time;
 * afterwards it goes on from where it was, whatever this says then. Immutable.
 */
public sealed interface StartAt {
  /** With what is appended from then on. */
  record Now() implements StartAt {}

  /** With the first event there is. */
  record Zero() implements StartAt {}

  /**
   * With the first event that was recorded at a time or later, by the server's clock.
   *
   * @param instant the time
   */
  record Time(Instant instant) implements StartAt {}

  /**
   * Begins with what is appended after the first workers of all have started: an append that is
   * made when {@link ProjectionWorkers.Builder#start()} has returned takes part.
   */
  static StartAt now() {
    return new Now();
  }

  /** Begins with the first event there is: everything takes part. */
  static StartAt zero() {
    return new Zero();
  }

  /**
   * Begins with the first event that was recorded at a time or later, by the server's clock. The
   * time must have come when it is started for the very first time, else starting it throws {@link
   * IllegalArgumentException}.
   */
  static StartAt time(Instant instant) {
    return new Time(instant);
  }

  /**
   * Returns the place in a partition's log behind which the first event lies.
   *
   * @throws IllegalArgumentException if it is a time that has not come yet, neither by the clock of
   *     this process nor by what is recorded
   */
  default Place find(EventStore events, int partition) {
    LogHead head = events.head(partition);
    return switch (this) {
      case Now now -> new Place(head.position(), head.events());
      case Zero zero -> Place.origin(partition);
      case Time(Instant instant) -> before(events, head, instant);
    };
  }

  private static void checkHasCome(EventStore events, Instant instant) {
    if (instant.isAfter(Instant.now())
        && IntStream.range(0, events.partitions())
            .mapToObj(partition -> events.head(partition).position().recordedAt())
            .allMatch(instant::isAfter)) {
      throw new IllegalArgumentException(
          "nothing can start at %s, which has not come yet: start it then, or say StartAt.now() and leave out in the handler what is too early"
              .formatted(instant));
    }
  }

  /**
   * The log counts, so an entry behind which all is later is found by halving. Its times go back
   * where the server's clock has; if they pass the instant more than once, it is one of these
   * places.
   */
  private static Place before(EventStore events, LogHead head, Instant instant) {
    checkHasCome(events, instant);
    int partition = head.position().partition();
    long earlier = 0;
    long later = head.position().sequence() + 1;
    while (later - earlier > 1) {
      long middle = (earlier + later) >>> 1;
      List<LogEntry> found = events.readLog(partition, middle - 1, 1);
      if (!found.isEmpty() && found.getFirst().position().recordedAt().isBefore(instant)) {
        earlier = middle;
      } else {
        later = middle;
      }
    }
    if (earlier == 0) {
      return Place.origin(partition);
    }
    Position last = events.readLog(partition, earlier - 1, 1).getFirst().position();
    return new Place(last, head.events() - eventsBetween(events, last, head.position()));
  }

  private static long eventsBetween(EventStore events, Position from, Position to) {
    long sum = 0;
    for (long after = from.sequence(); after < to.sequence(); ) {
      int limit = (int) Math.min(EventStore.MAX_PAGE, to.sequence() - after);
      List<LogEntry> page = events.readLog(from.partition(), after, limit);
      if (page.isEmpty()) {
        break;
      }
      sum += page.stream().mapToLong(LogEntry::events).sum();
      after = page.getLast().position().sequence();
    }
    return sum;
  }
}
