package io.refold.sample.soak;

import static io.refold.sample.bench.Ledger.LEDGERS;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.Handled;
import io.refold.eventstore.SnapshotRule;
import io.refold.eventstore.StateCache;
import io.refold.eventstore.StateCodec;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.Awaited;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.ReadModel;
import io.refold.projections.Rebuild;
import io.refold.projections.StartAt;
import io.refold.projections.Verification;
import io.refold.projections.reactions.Reaction;
import io.refold.projections.redis.RedisProjectionStore;
import io.refold.sample.bench.Balances;
import io.refold.sample.bench.Ledger.Balance;
import io.refold.sample.bench.Ledger.Book;
import io.refold.sample.bench.Ledger.Entry;
import io.refold.sample.bench.Ledger.LedgerDecider;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Commands on aggregates that are hot and on cold ones, two read models and a reaction, workers
 * that come and go, rebuilds, verifications and snapshots: everything at once, for as long as
 * wanted.
 */
public final class SoakRun {
  private static final int HOT = 200;
  private static final int COLD = 5_000;
  private static final int HOT_THREADS = 4;
  private static final int COLD_THREADS = 2;
  private static final int AWAITED = 20;
  private static final int SAMPLES = 40;
  private static final Duration PAUSE = Duration.ofMillis(10);
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final Duration JUDGED = Duration.ofMinutes(5);

  private final EmbeddedRedis redis;
  private final Duration length;
  private final PrintStream out;
  private final Balances balances = new Balances("balances");
  private final Totals totals = new Totals();
  private final AtomicLong commands = new AtomicLong();
  private final AtomicLong reactions = new AtomicLong();
  private final AtomicLong guests = new AtomicLong();
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private final CountDownLatch over = new CountDownLatch(1);

  /**
   * Prepares a run.
   *
   * @param redis an empty server
   * @param length how long the load goes on; closing takes a few seconds more
   * @param out takes the table and the result
   */
  public SoakRun(EmbeddedRedis redis, Duration length, PrintStream out) {
    this.redis = redis;
    this.length = length;
    this.out = out;
  }

  /** Runs; returns whether nothing has grown and nothing has failed. */
  public boolean run() {
    try (var store = RedisEventStore.to(redis.url()).namespace("soak").open();
        var projections = RedisProjectionStore.on(store)) {
      var samples =
          new Samples(redis, store.session(), List.of("hot command", "cold command", "lag"));
      try (var workers = workers(projections);
          ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        load(store, projections, samples, threads);
        threads.execute(() -> guarded(() -> comeAndGo(projections)));
        try {
          for (int i = 0; i < SAMPLES; i++) {
            over.await(length.toNanos() / SAMPLES, TimeUnit.NANOSECONDS);
            samples.take();
          }
        } finally {
          over.countDown();
        }
        if (workers.status().isEmpty()) {
          failures.add("the workers have nothing to do");
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        failures.add("interrupted");
      }
      samples.print(out);
      List<String> grown = samples.grown();
      if (length.compareTo(JUDGED) >= 0) {
        samples.tooFew().forEach(name -> failures.add("too little to judge " + name));
      }
      if (reactions.get() == 0) {
        failures.add("nothing has been reacted to");
      }
      failures.forEach(failure -> out.println("failed: " + failure));
      out.printf(
          Locale.ROOT,
          "soak minutes=%.1f commands=%d reactions=%d guests=%d grown=%s failures=%d%n",
          length.toSeconds() / 60.0,
          commands.get(),
          reactions.get(),
          guests.get(),
          grown,
          failures.size());
      return grown.isEmpty() && failures.isEmpty();
    }
  }

  private ProjectionWorkers workers(RedisProjectionStore projections) {
    var counting =
        Reaction.named("counting", StartAt.zero())
            .on(LEDGERS, (recorded, cause) -> reactions.incrementAndGet())
            .build();
    return ProjectionWorkers.on(projections).add(balances).add(totals).add(counting).start();
  }

  private void load(
      RedisEventStore store,
      RedisProjectionStore projections,
      Samples samples,
      ExecutorService threads) {
    var hot =
        CommandHandler.on(store, LEDGERS, new LedgerDecider())
            .cache(StateCache.states(HOT))
            .build();
    var cold =
        CommandHandler.on(store, LEDGERS, new LedgerDecider())
            .cache(StateCache.off())
            .snapshots(StateCodec.json(Balance.class), SnapshotRule.every(20))
            .build();
    ReadModel<Balance> rows = projections.readModel(balances);
    for (int i = 0; i < HOT_THREADS; i++) {
      threads.execute(() -> guarded(() -> command(hot, "hot", HOT, rows, samples)));
    }
    for (int i = 0; i < COLD_THREADS; i++) {
      threads.execute(() -> guarded(() -> command(cold, "cold", COLD, rows, samples)));
    }
  }

  private void command(
      CommandHandler<Book, Balance, Entry> ledgers,
      String kind,
      int aggregates,
      ReadModel<Balance> rows,
      Samples samples) {
    var random = ThreadLocalRandom.current();
    String id = kind + random.nextInt(aggregates);
    long start = System.nanoTime();
    Handled<Balance, Entry> handled = ledgers.handle(id, new Book(1));
    samples.took(kind + " command", start);
    commands.incrementAndGet();
    if (random.nextInt(AWAITED) == 0) {
      Awaited awaited = rows.await(handled.position(), PATIENCE);
      if (awaited != Awaited.APPLIED) {
        failures.add("%s of %s: %s".formatted(handled.position(), id, awaited));
      }
      samples.took("lag", start);
    }
    pause(PAUSE);
  }

  /** A second worker joins, fills both read models anew, compares them, and leaves. */
  private void comeAndGo(RedisProjectionStore projections) throws InterruptedException {
    try (var guest = workers(projections)) {
      guests.incrementAndGet();
      pause(PAUSE.multipliedBy(100));
      if (over.getCount() > 0) {
        for (Rebuild rebuild : guest.rebuild(balances, totals)) {
          if (rebuild.await(PATIENCE).isEmpty()) {
            failures.add("the rebuild of '%s' takes too long".formatted(rebuild.projection()));
            return;
          }
        }
      }
      if (over.getCount() > 0) {
        Optional<Verification> found = guest.verify(balances).await(PATIENCE);
        if (found.isEmpty()) {
          failures.add("the verification takes too long");
        } else if (!found.get().clean()) {
          failures.add("rows differ from what their history says: " + found.get());
        }
      }
    }
    pause(PAUSE.multipliedBy(100));
  }

  /** What may fail in a thread. */
  @FunctionalInterface
  private interface Step {
    void run() throws InterruptedException;
  }

  private void guarded(Step step) {
    while (over.getCount() > 0) {
      try {
        step.run();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (RuntimeException e) {
        failures.add(String.valueOf(e));
        return;
      }
    }
  }

  private void pause(Duration time) {
    try {
      over.await(time.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
