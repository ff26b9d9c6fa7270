package io.refold.sample.bench;

import static io.refold.sample.bench.Ledger.LEDGERS;

import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.sample.bench.Ledger.Book;
import io.refold.sample.bench.Ledger.Entry;
import io.refold.sample.bench.Ledger.LedgerDecider;
import java.util.List;
import java.util.stream.LongStream;

/** Appends and commands. */
public final class WriteSide {
  private static final int EVENTS_PER_STREAM = 10;

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
    try (var store = RedisEventStore.to(redis.url()).namespace("single").open()) {
      figures.print("append.1thread", appends(store, "s", 1, events / 10), "events/s");
    }
    try (var store = RedisEventStore.to(redis.url()).namespace("many").open()) {
      ServerStats.Work before = server.of("evalsha");
      double rate = appends(store, "s", 64, events);
      double ceiling = server.of("evalsha").minus(before).ceiling(events);
      figures.print("append.64threads", rate, "events/s");
      figures.print("ceiling.append", ceiling, "events/s");
      figures.print("ratio.append", rate / ceiling, "of-ceiling");
    }
    try (var store = RedisEventStore.to(redis.url()).namespace("tens").open()) {
      long appends = events / EVENTS_PER_STREAM;
      double rate = Load.perSecond(64, appends, n -> appendTen(store, "t" + n));
      figures.print("append.10events", rate * EVENTS_PER_STREAM, "events/s");
    }
    commands();
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
      var ledgers = CommandHandler.on(store, LEDGERS, new LedgerDecider()).build();
      long cold = events / 4;
      Load.perSecond(64, cold, n -> appendTen(store, "c" + n));
      double coldRate = Load.perSecond(64, cold, n -> ledgers.handle("c" + n, new Book(1)));
      figures.print("command.cold", coldRate, "commands/s");
      int hotLedgers = 1_000;
      double hotRate =
          Load.perSecond(64, cold, n -> ledgers.handle("c" + n % hotLedgers, new Book(1)));
      figures.print("command.hot", hotRate, "commands/s");
    }
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
