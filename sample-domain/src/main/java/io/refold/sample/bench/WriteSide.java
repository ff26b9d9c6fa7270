package io.refold.sample.bench;

import static io.refold.sample.bench.Ledger.LEDGERS;

import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.SnapshotRule;
import io.refold.eventstore.StateCache;
import io.refold.eventstore.StateCodec;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.sample.bench.Ledger.Balance;
import io.refold.sample.bench.Ledger.Book;
import io.refold.sample.bench.Ledger.Entry;
import io.refold.sample.bench.Ledger.LedgerDecider;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.stream.LongStream;

/** Appends and commands. */
public final class WriteSide {
  private static final int EVENTS_PER_STREAM = 10;
  private static final int LONG_STREAM = 10_000;

  private final EmbeddedRedis redis;
  private final long events;
  private final Figures figures;
  private final ServerStats server;

  /**
   * Prepares the measurements.
   *
   * @param redis an empty server
   * @param events how many events the largest measurement writes
   * @param figures takes the results
   */
  public WriteSide(EmbeddedRedis redis, long events, Figures figures) {
    this.redis = redis;
    this.events = events;
    this.figures = figures;
    this.server = new ServerStats(redis);
  }

  /** Measures, after a warm-up that is thrown away. */
  public void measure() {
    try (var store = RedisEventStore.to(redis.url()).namespace("warm-up").open()) {
      appends(store, "many", 64, events / 4);
      appends(store, "single", 1, events / 20);
    }
    memory();
    for (int threads : List.of(1, 8, 64, 256)) {
      appends(threads);
    }
    tens();
    commands();
    loads();
  }

  private void appends(int threads) {
    long written = threads == 1 ? events / 10 : threads == 8 ? events / 2 : events;
    String name = threads == 1 ? "append.1thread" : "append.%dthreads".formatted(threads);
    try (var store = RedisEventStore.to(redis.url()).namespace("by-" + threads).open()) {
      ServerStats.Work before = server.of("evalsha");
      double rate = appends(store, "s", threads, written);
      double ceiling = server.of("evalsha").minus(before).ceiling(written);
      figures.print(name, rate, "events/s");
      if (threads == 64) {
        figures.print("ceiling.append", ceiling, "events/s");
      }
      figures.print(name + ".ratio", rate / ceiling, "of-ceiling");
    }
  }

  private void tens() {
    try (var store = RedisEventStore.to(redis.url()).namespace("tens").open()) {
      ServerStats.Work before = server.of("evalsha");
      double rate =
          EVENTS_PER_STREAM
              * Load.perSecond(64, events / EVENTS_PER_STREAM, n -> appendTen(store, "t" + n));
      double ceiling = server.of("evalsha").minus(before).ceiling(events);
      figures.print("append.10events", rate, "events/s");
      figures.print("append.10events.ratio", rate / ceiling, "of-ceiling");
    }
  }

  /** Ten events of 200 bytes per aggregate, one append each. */
  private void memory() {
    try (var store = RedisEventStore.to(redis.url()).namespace("memory").open()) {
      long before = server.usedMemory();
      appends(store, "s", 16, events);
      double used = server.usedMemory() - before;
      figures.print("memory.bytes_per_event", used / events, "bytes");
    }
  }

  private void commands() {
    try (var store = RedisEventStore.to(redis.url()).namespace("commands").open()) {
      long many = events / 4;
      Load.perSecond(64, many, n -> appendTen(store, "c" + n));
      var cold = handler(store, StateCache.off());
      command("command.cold", many, n -> cold.handle("c" + n, new Book(1)));
      int few = 1_000;
      var hot = handler(store, StateCache.states(few));
      Load.perSecond(64, many, n -> hot.handle("c" + n % few, new Book(1)));
      command("command.hot", events, n -> hot.handle("c" + n % few, new Book(1)));
    }
  }

  private void command(String name, long commands, LongConsumer command) {
    long before = calls();
    figures.print(name, Load.perSecond(64, commands, command), "commands/s");
    double each = (double) (calls() - before) / commands;
    figures.print(name + ".roundtrips", each, "calls/command");
  }

  private long calls() {
    return server.of("evalsha").calls() + server.of("xrange").calls();
  }

  /** One stream of 10,000 events, folded again and again. */
  private void loads() {
    try (var store = RedisEventStore.to(redis.url()).namespace("loads").open()) {
      var plain = handler(store, StateCache.off());
      var snapshots =
          CommandHandler.on(store, LEDGERS, new LedgerDecider())
              .cache(StateCache.off())
              .snapshots(StateCodec.json(Balance.class), SnapshotRule.every(LONG_STREAM))
              .build();
      for (int written = 0; written < LONG_STREAM - 1; written += 909) {
        List<Entry> page = LongStream.range(0, 909).mapToObj(Entry::of).toList();
        written(store.append(Append.of(LEDGERS, "long", ExpectedVersion.exactly(written), page)));
      }
      load("load.10000", plain, 50);
      snapshots.handle("long", new Book(1));
      load("load.10000.snapshot", snapshots, 2_000);
    }
  }

  private void load(String name, CommandHandler<Book, Balance, Entry> ledgers, long times) {
    Load.perSecond(1, times / 2, n -> ledgers.load("long"));
    figures.print(name, 1_000 / Load.perSecond(1, times, n -> ledgers.load("long")), "ms");
  }

  private static CommandHandler<Book, Balance, Entry> handler(
      EventStore store, StateCache<Balance> cache) {
    return CommandHandler.on(store, LEDGERS, new LedgerDecider()).cache(cache).build();
  }

  /** Writes each aggregate's events one by one, in order; returns events per second. */
  static double appends(EventStore store, String prefix, int threads, long events) {
    long streams = events / EVENTS_PER_STREAM;
    return EVENTS_PER_STREAM
        * Load.perSecond(
            threads,
            streams,
            n -> {
              for (int version = 0; version < EVENTS_PER_STREAM; version++) {
                written(
                    store.append(
                        Append.of(
                            LEDGERS,
                            prefix + n,
                            ExpectedVersion.exactly(version),
                            List.of(Entry.of(version)))));
              }
            });
  }

  private static void appendTen(EventStore store, String id) {
    List<Entry> ten = LongStream.range(0, EVENTS_PER_STREAM).mapToObj(Entry::of).toList();
    written(store.append(Append.of(LEDGERS, id, ExpectedVersion.noStream(), ten)));
  }

  private static void written(AppendResult result) {
    if (!(result instanceof AppendResult.Appended)) {
      throw new IllegalStateException("an append of the benchmark failed: " + result);
    }
  }
}
