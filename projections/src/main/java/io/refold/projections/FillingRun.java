package io.refold.projections;

import io.refold.projections.RebuildProgress.State;
import io.refold.projections.store.DroppedEvent;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Catalog;
import io.refold.projections.store.Generations.Filling;
import io.refold.projections.store.Generations.Terms;
import io.refold.projections.store.Subscriptions.Outlook;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Coordinates a fresh generation, step by step; the workers of all processes fill it. Whatever ends
 * it but success removes the fresh generation and lifts a fence. Thread-safe.
 */
abstract sealed class FillingRun permits RebuildRun, VerificationRun {
  private static final Logger LOG = LoggerFactory.getLogger(FillingRun.class);

  private static final String WAYS_OUT =
      "; mend the code, or drop the event through store.parked(projection), and call it again, or"
          + " with RebuildOptions.parkFailures()";

  /** How many events the fresh generation may be behind when the old one is fenced. */
  static final int NEAR = 2_000;

  private final ProjectionStore store;
  private final Subscriber subscriber;
  private final Filling filling;
  private final String coordinator;
  private final Duration lease;
  private final long began = System.nanoTime();
  private long eventsBefore = -1;
  private boolean created;
  private volatile boolean ending;
  private volatile long kept = began;
  private volatile RebuildProgress progress =
      new RebuildProgress(State.FILLING, 0, 0, 0, Optional.empty());
  private volatile @Nullable RuntimeException failure;

  FillingRun(
      ProjectionStore store,
      Subscriber subscriber,
      Filling filling,
      String coordinator,
      Duration lease) {
    this.store = store;
    this.subscriber = subscriber;
    this.filling = filling;
    this.coordinator = coordinator;
    this.lease = lease;
  }

  /** Returns what it is called in messages. */
  abstract String what();

  /** Creates the keys of the fresh generation; may be called again. */
  abstract void create();

  /** Does the next thing that the state of all partitions allows; returns whether it did. */
  abstract boolean advance(List<Outlook> fresh);

  final ProjectionStore store() {
    return store;
  }

  final Subscriber subscriber() {
    return subscriber;
  }

  final Filling generations() {
    return filling;
  }

  final Generation fresh() {
    return filling.fresh().generation();
  }

  final Generation old() {
    return filling.old().generation();
  }

  final String projection() {
    return fresh().projection();
  }

  final Duration lease() {
    return lease;
  }

  final RebuildProgress progress() {
    return progress;
  }

  final @Nullable RuntimeException failure() {
    return failure;
  }

  /** Does the next thing there is to do; returns whether something was done. */
  final synchronized boolean step() {
    if (progress.ended() || ending) {
      return false;
    }
    Optional<Terms> terms = keep();
    if (terms.isEmpty()) {
      endedElsewhere();
      return true;
    }
    if (!created) {
      try {
        create();
      } catch (IllegalStateException refused) {
        fail(String.valueOf(refused.getMessage()), refused);
        return true;
      }
      created = true;
    }
    List<Outlook> outlooks = outlooks(terms.get());
    return progress.ended() || (progress.state() != State.PAUSED && advance(outlooks));
  }

  /** Extends the coordinator's lease; empty if it is somebody else's, or there is nothing left. */
  final Optional<Terms> keep() {
    kept = System.nanoTime();
    return store.generations().keep(filling, coordinator, lease);
  }

  /**
   * Extends the coordinator's lease in the middle of a long step, when it is time to.
   *
   * @throws IllegalStateException if it is somebody else's, is being cancelled, or there is nothing
   *     left
   */
  final void stillHolds() {
    if (ending) {
      throw new Ending();
    }
    long now = System.nanoTime();
    if (now - kept > lease.toNanos() / 3) {
      if (keep().isEmpty()) {
        throw new IllegalStateException("it was ended by another process");
      }
    }
  }

  /** Changes how it is filled; false if that is over, or coordinated elsewhere. */
  final synchronized boolean direct(UnaryOperator<Terms> change) {
    boolean over =
        switch (progress.state()) {
          case FILLING, PAUSED -> false;
          case SWITCHING, COMPARING, DONE, CANCELLED, FAILED -> true;
        };
    Optional<Terms> now = over ? Optional.empty() : keep();
    return now.isPresent() && store.generations().direct(filling, change.apply(now.get()));
  }

  /** Says that this process is about to leave. */
  void leaving() {}

  /** Stops in the middle, for good. */
  abstract void leave();

  /** Lets another coordinator go on at once. */
  final synchronized void handBack() {
    if (!progress.ended()) {
      boolean kept = store.generations().keep(filling, coordinator, Duration.ZERO).isPresent();
      LOG.info("{} of '{}' handed back: {}", what(), projection(), kept);
    }
  }

  /** Looks at all partitions of the fresh generation, and fails if one cannot go on. */
  private List<Outlook> outlooks(Terms terms) {
    var outlooks = new ArrayList<Outlook>();
    long events = 0;
    long total = 0;
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      Optional<Outlook> seen = store.subscriptions().outlook(partition, fresh());
      if (seen.isEmpty()) {
        fail("its keys in partition %d are gone".formatted(partition), null);
        return outlooks;
      }
      String problem = seen.get().state().problem();
      if (problem.startsWith(PartitionOwner.HALTED) || problem.startsWith(PartitionOwner.LOST)) {
        fail(
            problem.startsWith(PartitionOwner.HALTED)
                ? problem.substring(PartitionOwner.HALTED.length()) + WAYS_OUT
                : problem,
            null);
        return outlooks;
      }
      outlooks.add(seen.get());
      events += seen.get().state().events();
      total += seen.get().headEvents();
    }
    measure(terms, events, total);
    return outlooks;
  }

  private void measure(Terms terms, long events, long total) {
    if (eventsBefore < 0) {
      eventsBefore = events;
    }
    State state =
        switch (progress.state()) {
          case FILLING, PAUSED -> terms.paused() ? State.PAUSED : State.FILLING;
          case SWITCHING, COMPARING, DONE, CANCELLED, FAILED -> progress.state();
        };
    double seconds = (System.nanoTime() - began) / 1e9;
    double rate = seconds > 0 ? (events - eventsBefore) / seconds : 0;
    Optional<Duration> remaining =
        rate > 0
            ? Optional.of(Duration.ofMillis((long) (1000 * Math.max(0, total - events) / rate)))
            : Optional.empty();
    progress = new RebuildProgress(state, events, total, rate, remaining);
  }

  /**
   * Ends it and removes what it has made.
   *
   * @return false if it had ended before
   */
  final boolean cancel() {
    hurry();
    try {
      synchronized (this) {
        return end(State.CANCELLED);
      }
    } finally {
      ending = false;
    }
  }

  /** Ends a long step under way soon; another one begins only once a cancellation has failed. */
  final void hurry() {
    ending = true;
  }

  /** A long step has ended in the middle, because it is being cancelled. */
  static final class Ending extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    Ending() {
      super("it is being cancelled");
    }
  }

  /** Removes what it has made, and says how it has ended; false if it had ended before. */
  final synchronized boolean end(State how) {
    if (progress.ended() || !store.generations().cancel(filling)) {
      return false;
    }
    remove();
    reached(how);
    return true;
  }

  final void fail(String reason, @Nullable Throwable cause) {
    if (!store.generations().cancel(filling)) { // another coordinator has ended it meanwhile
      endedElsewhere();
      return;
    }
    RebuildFailedException failed = failed(reason, cause);
    failure = failed;
    LOG.error("{}", failed.getMessage(), cause);
    remove();
    reached(State.FAILED);
  }

  private RebuildFailedException failed(String reason, @Nullable Throwable cause) {
    return new RebuildFailedException(
        "%s of projection '%s' has failed, %s: %s"
            .formatted(what(), projection(), untouched(), reason),
        cause);
  }

  /** Says what is read after a failure. */
  private String untouched() {
    int version = filling.fresh().shape().version();
    return version == filling.old().shape().version()
        ? "its rows are what they were"
        : "there are no rows of version %d, and it does not start again by itself"
            .formatted(version);
  }

  /** Returns events as messages name them. */
  static String named(List<EventAddress> events) {
    return events.stream().map(EventAddress::toString).collect(Collectors.joining(", "));
  }

  /** Returns what was dropped in the old generation after the fresh one had inherited. */
  final List<EventAddress> droppedMeanwhile() {
    var meanwhile = new ArrayList<EventAddress>();
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      var inherited =
          store.parkedStreams().dropped(partition, fresh()).stream()
              .map(DroppedEvent::event)
              .collect(Collectors.toSet());
      store.parkedStreams().dropped(partition, old()).stream()
          .map(DroppedEvent::event)
          .filter(event -> !inherited.contains(event))
          .forEach(meanwhile::add);
    }
    return meanwhile;
  }

  private void remove() {
    GenerationKeys.of(store, subscriber, filling.fresh()).cancel(old());
  }

  final void endedElsewhere() {
    Catalog catalog = store.generations().look(projection(), filling.fresh().shape().version());
    if (catalog.live().equals(Optional.of(filling.fresh()))) {
      GenerationKeys.of(store, subscriber, filling.fresh()).show();
      reached(State.DONE);
    } else if (catalog.rebuild().equals(Optional.of(filling))) {
      failure =
          new RebuildFailedException(
              "another process goes on with the %s of projection '%s': this one has not been seen for its lease"
                  .formatted(what(), projection()),
              null);
      reached(State.FAILED);
    } else {
      remove(); // it may have been swept before this process created keys
      reached(State.CANCELLED);
    }
  }

  final void reached(State state) {
    RebuildProgress now = progress;
    progress =
        new RebuildProgress(
            state, now.events(), now.total(), now.eventsPerSecond(), now.remaining());
  }
}
