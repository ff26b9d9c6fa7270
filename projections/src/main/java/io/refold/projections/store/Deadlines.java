package io.refold.projections.store;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * When instances of processes are due, in order of time, in the slot of the partition that holds
 * their streams. It is an index: the truth is in the streams, and an entry may be there too long.
 * Every call is atomic. Thread-safe.
 *
 * <p>Every method throws {@link io.refold.eventstore.StoreUnavailableException} if the store cannot
 * be reached and nothing was done, and {@link io.refold.eventstore.ReplyLostException} if it is not
 * known.
 */
public interface Deadlines {
  /**
   * The earliest time of a deadline: every millisecond from here to {@link #LAST} is kept exactly.
   */
  Instant FIRST = Instant.ofEpochMilli(-(1L << 53));

  /** The latest time of a deadline, some 285,000 years after 1970. */
  Instant LAST = Instant.ofEpochMilli(1L << 53);

  /**
   * A deadline of an instance. Two are the same if all but the time is.
   *
   * @param instance the instance's id
   * @param name its name within the instance, without control characters
   * @param number tells it from earlier and later ones of the same name
   * @param due the time, in milliseconds, from {@link #FIRST} to {@link #LAST}
   */
  record Deadline(String instance, String name, long number, Instant due) {
    /**
     * Checks the time.
     *
     * @throws IllegalArgumentException if it lies outside
     */
    public Deadline {
      if (due.isBefore(FIRST) || due.isAfter(LAST)) {
        throw new IllegalArgumentException(
            "deadline '%s' of %s is due from %s to %s, not at %s"
                .formatted(name, instance, FIRST, LAST, due));
      }
    }
  }

  /**
   * What is due.
   *
   * @param due in the order of their times
   * @param next when the first of those behind is due
   */
  record Agenda(List<Deadline> due, Optional<Instant> next) {
    /** Copies the list. */
    public Agenda {
      due = List.copyOf(due);
    }
  }

  /** Adds deadlines, and removes others; those that are there already, or not, stay as they are. */
  void change(
      int partition, String process, Collection<Deadline> added, Collection<Deadline> removed);

  /**
   * Returns what is due at a time.
   *
   * @param skip how many of the first to leave out; no more than are due
   * @param limit how many at most, at least 1
   */
  Agenda due(int partition, String process, Instant now, int skip, int limit);
}
