package io.refold.projections.reactions;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.Driver;
import io.refold.projections.ProjectionStore;
import io.refold.projections.store.Deliveries;
import io.refold.projections.store.Deliveries.Consumer;
import io.refold.projections.store.Deliveries.Delivery;
import io.refold.projections.store.Deliveries.Tended;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Attendance;
import io.refold.projections.store.Subscriptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.DelayQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads of one process that consume for an unordered reaction: one consumer, to the store.
 *
 * <p>A thread takes a partition that may have something new, asks for its next entry, hands the
 * partition on to the next thread, and handles the entry. What fails waits its pause among the
 * entries under way, and holds up nothing, unless that are several times as many as threads: then
 * no more are taken, other processes may have them. One more thread has the entries under way kept,
 * so that nobody claims them, and partitions looked after: once a second each, by one process of
 * all. It waits for neither: a partition whose server does not answer must not cost the others
 * their entries.
 */
final class Consumers implements Driver {
  private static final Logger LOG = LoggerFactory.getLogger(Consumers.class);
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(5);
  private static final Duration TEND = Duration.ofSeconds(1);
  private static final Duration PAUSE_AWAY = Duration.ofMillis(500);
  private static final long POLL_MILLIS = 20;
  private static final int TEND_AT_ONCE = 100;
  private static final int ALL = -1; // stands for all partitions
  private static final int UNDER_WAY_PER_THREAD = 8;

  private final ProjectionStore store;
  private final Deliveries deliveries;
  private final Generation generation;
  private final Set<String> categories;
  private final Handling handling;
  private final String worker;
  private final Duration lease;
  private final int attempts;
  private final LinkedBlockingQueue<Integer> ready = new LinkedBlockingQueue<>();
  private final Set<Integer> queued = ConcurrentHashMap.newKeySet();
  private final DelayQueue<Work> waiting = new DelayQueue<>();
  private final Set<Position> underWay = ConcurrentHashMap.newKeySet();
  private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
  private final Set<Integer> kept = ConcurrentHashMap.newKeySet();
  private final Set<Integer> tended = ConcurrentHashMap.newKeySet();
  private final List<Thread> threads = new ArrayList<>();
  private final Thread keeper;
  private final int mostUnderWay;
  private final CountDownLatch handled = new CountDownLatch(1);
  private volatile boolean closed;

  Consumers(
      ProjectionStore store,
      Generation generation,
      Set<String> categories,
      Handling handling,
      String worker,
      int threads,
      Duration lease,
      int attempts) {
    this.store = store;
    this.deliveries = store.deliveries();
    this.generation = generation;
    this.categories = categories;
    this.handling = handling;
    this.worker = worker;
    this.lease = lease;
    this.attempts = attempts;
    String name = "refold-" + generation.projection();
    for (int i = 1; i <= threads; i++) {
      this.threads.add(Thread.ofPlatform().name(name + "-" + i).daemon().unstarted(this::consume));
    }
    this.keeper = Thread.ofPlatform().name(name + "-keeper").daemon().unstarted(this::keep);
    this.mostUnderWay = threads * UNDER_WAY_PER_THREAD;
  }

  private Consumer consumer(int partition) {
    return new Consumer(generation, partition, worker);
  }

  @Override
  public void start() {
    wakeAll();
    threads.forEach(Thread::start);
    keeper.start();
  }

  private void wakeAll() {
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      wake(partition);
    }
  }

  @Override
  public void wake(int partition) {
    if (queued.add(partition)) {
      ready.add(partition);
    }
  }

  private boolean full() {
    return underWay.size() >= mostUnderWay;
  }

  private void consume() {
    while (!closed) {
      try {
        boolean full = full();
        Work work = full ? waiting.poll(POLL_MILLIS, TimeUnit.MILLISECONDS) : waiting.poll();
        if (work != null) {
          handle(work);
        } else if (!full) {
          Integer partition = ready.poll(POLL_MILLIS, TimeUnit.MILLISECONDS);
          if (partition != null) {
            take(partition);
          }
        }
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void take(int partition) throws InterruptedException {
    queued.remove(partition);
    try {
      switch (deliveries.next(consumer(partition), categories)) {
        case Delivery.Entry(LogEntry entry) -> {
          wake(partition);
          handle(Work.of(entry));
        }
        case Delivery.More more -> wake(partition);
        case Delivery.Nothing nothing -> {}
        case Delivery.Lost lost -> lost(partition);
      }
    } catch (StoreUnavailableException | ReplyLostException away) {
      LOG.warn("{}/{} waits for its store: {}", generation, partition, away.getMessage());
      TimeUnit.NANOSECONDS.sleep(PAUSE_AWAY.toNanos());
      wake(partition);
    } catch (RuntimeException | Error unexpected) { // the thread goes on
      LOG.error("{}/{} has failed to take an entry", generation, partition, unexpected);
      TimeUnit.NANOSECONDS.sleep(PAUSE_AWAY.toNanos());
      wake(partition);
    }
  }

  /** Looked at again every few seconds: somebody may have it started anew. */
  private void lost(int partition) {
    String problem =
        "history of partition %d was lost, its log does not hold what was handled any more: %s"
            .formatted(partition, ReactionTarget.REMEDY);
    LOG.error("{}/{} stands still, {}", generation, partition, problem);
    deliveries.lost(consumer(partition), Subscriptions.LOST + problem);
  }

  /** Handles what is open of an entry, and settles it or tries again later. */
  private void handle(Work work) {
    underWay.add(work.position());
    try {
      boolean settled = attempt(work);
      if (settled) {
        underWay.remove(work.position());
      } else {
        waiting.add(work);
      }
    } catch (StoreUnavailableException | ReplyLostException away) {
      LOG.warn("{} waits, {} is not handled: {}", generation, work.position(), away.getMessage());
      waiting.add(work.delayed(PAUSE_AWAY));
    } catch (RuntimeException | Error unexpected) {
      LOG.error("{} has failed to handle {}", generation, work.position(), unexpected);
      waiting.add(work.delayed(LOOK_AGAIN));
    }
  }

  private boolean attempt(Work work) {
    if (!work.run(store.events(), categories, handling, attempts)) {
      return false;
    }
    work.failed().forEach(failed -> LOG.warn("{} parks {}", generation, failed));
    deliveries.settle(consumer(work.partition()), work.position(), work.failed());
    return true;
  }

  /** Also while what was begun before closing is handled to its end. */
  private void keep() {
    long pause = Math.min(TEND.toNanos(), lease.dividedBy(3).toNanos());
    long looked = System.nanoTime();
    boolean over = false;
    while (!over) {
      try {
        keepUnderWay();
        beside(tended, ALL, all -> tend());
      } catch (RuntimeException | Error unexpected) { // the thread goes on
        LOG.error("looking after {} has failed", generation, unexpected);
      }
      if (System.nanoTime() - looked > LOOK_AGAIN.toNanos()) {
        looked = System.nanoTime();
        wakeAll();
      }
      try {
        over = handled.await(pause, TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void keepUnderWay() {
    partitions()
        .forEach(partition -> {
          List<Position> here =
              underWay.stream().filter(position -> position.partition() == partition).toList();
          if (!here.isEmpty()) {
            beside(kept, partition, number -> deliveries.keep(consumer(number), here));
          }
        });
  }

  private void tend() {
    if (closed) {
      return;
    }
    Attendance attendance = store.generations().attend(generation, worker, lease);
    partitions()
        .filter(partition -> partition % attendance.workers() == attendance.rank())
        .filter(partition -> !closed)
        .forEach(partition -> beside(tended, partition, this::tend));
  }

  private IntStream partitions() {
    return IntStream.range(0, store.events().partitions());
  }

  /** Makes a call without waiting for it, unless the last one for this partition is under way. */
  private void beside(Set<Integer> busy, int partition, IntConsumer call) {
    if (busy.add(partition)) {
      try {
        calls.execute(() -> {
          try {
            lookAfter(partition, call);
          } finally {
            busy.remove(partition);
          }
        });
      } catch (RuntimeException | Error unexpected) {
        busy.remove(partition);
        throw unexpected;
      }
    }
  }

  private void lookAfter(int partition, IntConsumer call) {
    try {
      call.accept(partition);
    } catch (StoreUnavailableException | ReplyLostException away) {
      LOG.warn("{}/{} waits for its store: {}", generation, named(partition), away.getMessage());
    } catch (RuntimeException | Error unexpected) { // the others go on
      LOG.error("looking after {}/{} has failed", generation, named(partition), unexpected);
    }
  }

  private static String named(int partition) {
    return partition == ALL ? "all" : String.valueOf(partition);
  }

  /** Takes over what the dead have left, and moves on behind what is settled. */
  private void tend(int partition) {
    for (int i = 0; i < TEND_AT_ONCE && !closed && (i == 0 || !full()); i++) {
      Tended tended = deliveries.tend(consumer(partition), lease, lease);
      tended
          .claimed()
          .filter(entry -> underWay.add(entry.position()))
          .ifPresent(entry -> waiting.add(Work.of(entry)));
      if (tended.claimed().isEmpty() && !tended.moved()) {
        return;
      }
    }
  }

  @Override
  public List<String> runUntilIdle() {
    var reasons = new ArrayList<String>();
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      Tended tended;
      do {
        tended = deliveries.tend(consumer(partition), lease, lease);
        tended.claimed().ifPresent(entry -> runNow(Work.of(entry), reasons));
      } while (tended.claimed().isPresent());
      Delivery delivery;
      do {
        delivery = deliveries.next(consumer(partition), categories);
        if (delivery instanceof Delivery.Entry(LogEntry entry)) {
          runNow(Work.of(entry), reasons);
        }
      } while (delivery instanceof Delivery.Entry || delivery instanceof Delivery.More);
      if (delivery instanceof Delivery.Lost) {
        lost(partition);
      }
      while (deliveries.tend(consumer(partition), lease, lease).moved()) {
        // goes on behind all that is settled
      }
    }
    return reasons;
  }

  private void runNow(Work work, List<String> reasons) {
    while (!attempt(work)) {
      // tried as often as it may be
    }
    work.failed().forEach(failed -> reasons.add(failed.error()));
  }

  @Override
  public void close() {
    closed = true;
    boolean interrupted = false;
    for (Thread thread : threads) {
      interrupted |= join(thread);
    }
    handled.countDown();
    interrupted |= join(keeper);
    calls.close(); // no call may come after the goodbye
    leave();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits for a thread's end; returns whether this one was interrupted meanwhile. */
  private static boolean join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    return interrupted;
  }

  private void leave() {
    try {
      for (int partition = 0; partition < store.events().partitions(); partition++) {
        deliveries.leave(consumer(partition));
      }
      store.generations().leave(generation, worker);
    } catch (StoreUnavailableException | ReplyLostException away) {
      LOG.info("could not say goodbye, others notice after a lease: {}", away.getMessage());
    }
  }
}
