package io.refold.projections;

import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Attendance;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Generations.Terms;
import io.refold.projections.store.Lease;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The owners of one generation in this process. It takes as many partitions as are its share among
 * the processes that are alive, and gives back what is more. {@link #tick} and {@link #stop} are
 * called by one thread; the other methods by any.
 */
final class Crew {
  /** With pauses that grow from 50 milliseconds they outlast a master that was just replaced. */
  private static final int DOUBTS = 5;

  /** How long all answers of one round are waited for. */
  private static final Duration PATIENCE = Duration.ofMillis(500);

  private static final Logger LOG = LoggerFactory.getLogger(Crew.class);

  private final ProjectionStore store;
  private final Subscriber subscriber;
  private final Subscription subscription;
  private final String worker;
  private final Duration lease;
  private final FillingTurns filling;
  private final SharedEvents events;
  private final Map<Integer, OwnerThread> threads = new ConcurrentHashMap<>();
  private final int attempts;
  private boolean created;
  private boolean lost;

  Crew(
      ProjectionStore store,
      Subscriber subscriber,
      Layout layout,
      String worker,
      Duration lease,
      FillingTurns filling,
      SharedEvents events,
      int attempts) {
    this.store = store;
    this.subscriber = subscriber;
    this.subscription = Subscription.of(store, subscriber, layout, events);
    this.worker = worker;
    this.lease = lease;
    this.filling = filling;
    this.events = events;
    this.attempts = attempts;
  }

  private Generation generation() {
    return subscription.generation();
  }

  /**
   * Attends, and moves towards the fair share of partitions.
   *
   * @param live whether the generation is read; its keys are then created if they are not there
   * @param terms how it is to be filled if it is not
   */
  void tick(boolean live, Terms terms) {
    if (live && !created) {
      GenerationKeys.of(store, subscriber, subscription.layout()).create();
      events.leave(generation());
      created = true;
    }
    if (live && lost) {
      GenerationKeys.of(store, subscriber, subscription.layout()).create();
      lost = false;
      threads.values().forEach(OwnerThread::stop); // who takes over finds what is to be filled in
    }
    Terms current = live ? Pacing.READ : terms;
    subscription.pacing().set(current, threads.size(), store.events().partitions());
    Attendance attendance = store.generations().attend(generation(), worker, lease);
    int partitions = store.events().partitions();
    int share = attendance.share(partitions);
    threads.values().removeIf(this::ended);
    int owned = threads.size();
    for (OwnerThread thread : threads.values()) {
      if (owned > share) {
        thread.stop();
        owned--;
      }
    }
    long patient = System.nanoTime() + PATIENCE.toNanos();
    int first = (int) ((long) attendance.rank() * partitions / attendance.workers());
    for (int i = 0; i < partitions && owned < share; i++) {
      int partition = (first + i) % partitions;
      if (!threads.containsKey(partition) && take(partition, patient)) {
        owned++;
      }
    }
    subscription.pacing().set(current, threads.size(), partitions);
  }

  /** Counts a partition whose server does not answer as taken: its thread goes on asking. */
  private boolean take(int partition, long patient) {
    var owner =
        new PartitionOwner(
            subscription,
            partition,
            worker,
            lease,
            new Patience(attempts, subscription.pacing()::parks, DOUBTS));
    var thread =
        new OwnerThread(owner, subscription.pacing(), generation() + "/" + partition, filling);
    threads.put(partition, thread);
    thread.start();
    if (thread.taken(Duration.ofNanos(patient - System.nanoTime()))) {
      return true;
    }
    boolean unused = ended(thread);
    threads.remove(partition);
    return false;
  }

  /**
   * Takes notice of keys that were lost with their server. They are created again once the
   * generation was looked up after that: one that was dropped is not live any more then. Not those
   * of a reaction, which might begin somewhere else.
   */
  private boolean ended(OwnerThread thread) {
    if (thread.running()) {
      return false;
    }
    if (thread.owner().gone() && created && !lost && subscriber.start().isEmpty()) {
      LOG.warn(
          "keys of {} are gone from partition {} or from its rows: what they had is filled in again"
              + " from history, if it is still read",
          generation(),
          thread.owner().partition());
      lost = true;
    }
    return true;
  }

  /** Returns the leases held in a partition: none or one. */
  List<Lease> leases(int partition) {
    OwnerThread thread = threads.get(partition);
    Lease held = thread == null || !thread.running() ? null : thread.owner().lease();
    return held == null ? List.of() : List.of(held);
  }

  /** Tells that a partition may have new entries. */
  void wake(int partition) {
    OwnerThread thread = threads.get(partition);
    if (thread != null) {
      thread.wake();
    }
  }

  /** Tells all owners to finish what they are doing; returns them, to be waited for. */
  List<OwnerThread> stop() {
    var stopped = new ArrayList<>(threads.values());
    stopped.forEach(OwnerThread::stop);
    events.leave(generation());
    return stopped;
  }

  void leave() {
    store.generations().leave(generation(), worker);
  }
}
