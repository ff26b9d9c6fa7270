package io.refold.projections;

import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.store.Generations.Catalog;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Generations.Purpose;
import io.refold.projections.store.Lease;
import io.refold.projections.store.LogWatch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks about once a second which generations there are, keeps a crew for each that this process
 * can work on, and drops the crews of those that are gone. A thread of its own renews all leases,
 * three times per lease, so that long batches never lose one.
 */
final class Supervisor implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Supervisor.class);
  private static final Duration LONGEST_LOOK = Duration.ofSeconds(1);

  private final ProjectionStore store;
  private final List<Subscriber> all;
  private final List<Subscriber> projections = new ArrayList<>();
  private final List<Driver> drivers = new ArrayList<>();
  private final String worker;
  private final Duration lease;
  private final int attempts;
  private final Duration retired;
  private final Duration look;
  private final SharedEvents events;
  private final FillingTurns filling =
      new FillingTurns(Math.max(2, Runtime.getRuntime().availableProcessors()) * 2);
  private final Map<Layout, Crew> crews = new ConcurrentHashMap<>();
  private final Set<Integer> renewing = ConcurrentHashMap.newKeySet();
  private final Map<Layout, Long> sweepings = new HashMap<>();
  private final List<OwnerThread> dismissed = new ArrayList<>();
  private final Semaphore signals = new Semaphore(0);
  private final Consumer<Subscriber> adopt;
  private final Object round = new Object();
  private final Thread looking;
  private final Thread keeping;
  private volatile boolean closed;
  private @Nullable LogWatch watch;

  /**
   * Prepares the threads.
   *
   * @param attempts how often a failing event is tried before it is parked
   * @param retired after which time without anybody of its version a generation goes
   * @param adopt is told a projection that is being rebuilt, perhaps without a coordinator, or has
   *     no rows of its version
   */
  Supervisor(
      ProjectionStore store,
      List<Subscriber> projections,
      String worker,
      Duration lease,
      int attempts,
      Duration retired,
      Consumer<Subscriber> adopt) {
    this.store = store;
    this.adopt = adopt;
    this.all = List.copyOf(projections);
    for (Subscriber subscriber : projections) {
      Opening.of(store, subscriber);
      Optional<Driver> driver = subscriber.driver(store, worker, lease, attempts);
      driver.ifPresentOrElse(drivers::add, () -> this.projections.add(subscriber));
    }
    this.worker = worker;
    this.lease = lease;
    this.attempts = attempts;
    this.retired = retired;
    this.events = new SharedEvents(store.events(), categories(projections), projections.size());
    Duration third = lease.dividedBy(3);
    this.look = third.compareTo(LONGEST_LOOK) < 0 ? third : LONGEST_LOOK;
    this.looking = Thread.ofPlatform().name("refold-supervisor").daemon().unstarted(this::run);
    this.keeping = Thread.ofPlatform().name("refold-keeper").daemon().unstarted(this::keep);
  }

  private static Set<String> categories(List<Subscriber> projections) {
    var categories = new HashSet<String>();
    projections.forEach(format -> categories.addAll(format.categories()));
    return categories;
  }

  void start() {
    for (Subscriber format : all) {
      Optional<Layout> live = open(format);
      if (format.start().isPresent()) { // what is appended from now on takes part
        live.ifPresent(read -> GenerationKeys.of(store, format, read).create());
      }
    }
    watch =
        store.watch(partition -> {
          crews.values().forEach(crew -> crew.wake(partition));
          drivers.forEach(driver -> driver.wake(partition));
        });
    drivers.forEach(Driver::start);
    looking.start();
    keeping.start();
  }

  /**
   * Starts rebuilds, none of which is looked at before all are there, so that they read the same
   * history at the same time.
   */
  List<Rebuild> together(Supplier<List<Rebuild>> starting) {
    synchronized (round) {
      List<Rebuild> rebuilds = starting.get();
      events.together(rebuilds.stream().map(Rebuild::fresh).toList());
      return rebuilds;
    }
  }

  /** Looks soon instead of at the next second. */
  void look() {
    signals.release();
  }

  private void run() {
    while (!closed) {
      for (Subscriber format : projections) {
        try {
          synchronized (round) {
            look(format);
          }
        } catch (StoreUnavailableException | ReplyLostException away) {
          LOG.warn("projection '{}' waits for its store: {}", format.name(), away.getMessage());
        } catch (RuntimeException | Error unexpected) { // the thread goes on
          LOG.error("looking after projection '{}' has failed", format.name(), unexpected);
        }
      }
      try {
        if (signals.tryAcquire(look.toNanos(), TimeUnit.NANOSECONDS)) {
          signals.drainPermits();
        }
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void look(Subscriber format) {
    Catalog catalog = store.generations().look(format.name(), format.version());
    Optional<Layout> live = catalog.live().or(() -> open(format));
    Set<Layout> wanted = new HashSet<>();
    live.ifPresent(wanted::add);
    catalog
        .rebuild()
        .filter(rebuild -> rebuild.purpose() != Purpose.RECOMPUTATION)
        .filter(rebuild -> rebuild.fresh().shape().version() == format.version())
        .ifPresent(rebuild -> wanted.add(rebuild.fresh()));
    dismissed.removeIf(owner -> !owner.running());
    for (Layout layout : List.copyOf(crews.keySet())) {
      if (layout.generation().projection().equals(format.name()) && !wanted.contains(layout)) {
        Crew crew = crews.remove(layout);
        if (crew != null) {
          dismissed.addAll(crew.stop());
        }
      }
    }
    for (Layout layout : wanted) {
      if (!closed) {
        boolean read = live.equals(Optional.of(layout));
        crews.computeIfAbsent(layout, key -> crew(format, key)).tick(read, catalog.terms());
      }
    }
    if (live.isEmpty() || catalog.rebuild().isPresent()) {
      adopt.accept(format);
    }
    if (!catalog.read().isEmpty()
        && catalog.read().getFirst().shape().version() < format.version()) {
      store.generations().retire(format.name(), format.version(), retired);
    }
    sweepings
        .keySet()
        .removeIf(known ->
            known.generation().projection().equals(format.name())
                && !catalog.gone().contains(known));
    catalog.gone().forEach(gone -> sweep(format, gone, catalog.read()));
  }

  private Optional<Layout> open(Subscriber format) {
    return Opening.of(store, format);
  }

  private Crew crew(Subscriber format, Layout layout) {
    return new Crew(store, format, layout, worker, lease, filling, events, attempts);
  }

  /**
   * Sweeps a generation when it is first seen, and a lease later; then it is taken off the list, a
   * few leases after it was put there.
   */
  private void sweep(Subscriber format, Layout gone, List<Layout> read) {
    long now = System.nanoTime();
    Long next = sweepings.get(gone);
    if (next == null || now - next >= 0) {
      GenerationKeys.of(store, format, gone).sweep(read);
      if (next != null && store.generations().forget(gone.generation(), lease.multipliedBy(3))) {
        sweepings.remove(gone);
      } else {
        sweepings.put(gone, now + lease.toNanos());
      }
    }
  }

  /** A partition whose server does not answer must not cost the others their leases. */
  private void keep() {
    long pause = lease.dividedBy(3).toNanos();
    while (!Thread.currentThread().isInterrupted()) { // also while owners finish their last batch
      long began = System.nanoTime();
      for (int partition = 0; partition < store.events().partitions(); partition++) {
        int number = partition;
        List<Lease> held =
            crews.values().stream().flatMap(crew -> crew.leases(number).stream()).toList();
        if (!held.isEmpty() && renewing.add(partition)) {
          renewBeside(number, held);
        }
      }
      try {
        TimeUnit.NANOSECONDS.sleep(Math.max(1, pause - (System.nanoTime() - began)));
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void renewBeside(int partition, List<Lease> held) {
    try {
      Thread.ofVirtual().name("refold-renewal-" + partition).start(() -> renew(partition, held));
    } catch (RuntimeException | Error unexpected) { // the next round tries again
      renewing.remove(partition);
      LOG.error("leases of partition {} were not renewed", partition, unexpected);
    }
  }

  private void renew(int partition, List<Lease> held) {
    try {
      store.subscriptions().renew(partition, held, lease);
    } catch (StoreUnavailableException | ReplyLostException away) {
      LOG.warn("leases of partition {} were not renewed: {}", partition, away.getMessage());
    } catch (RuntimeException unexpected) {
      LOG.error("leases of partition {} were not renewed", partition, unexpected);
    } finally {
      renewing.remove(partition);
    }
  }

  @Override
  public void close() {
    closed = true;
    signals.release();
    join(looking);
    drivers.forEach(Driver::close);
    var owners = new ArrayList<>(dismissed);
    crews.values().forEach(crew -> owners.addAll(crew.stop()));
    boolean interrupted = false;
    for (OwnerThread owner : owners) {
      interrupted |= !joined(owner);
    }
    keeping.interrupt();
    join(keeping);
    LogWatch watching = watch;
    if (watching != null) {
      watching.close();
    }
    for (Crew crew : crews.values()) {
      try {
        crew.leave();
      } catch (StoreUnavailableException | ReplyLostException away) {
        LOG.info("could not say goodbye, others notice after a lease: {}", away.getMessage());
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean joined(OwnerThread owner) {
    while (true) {
      try {
        owner.join();
        return true;
      } catch (InterruptedException e) {
        owner.stop();
        return false;
      }
    }
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
