package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static io.refold.eventstore.Accounts.SAVINGS;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Accounts;
import io.refold.eventstore.Accounts.Account;
import io.refold.eventstore.Accounts.Command;
import io.refold.eventstore.Accounts.Deposit;
import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Event;
import io.refold.eventstore.Accounts.Open;
import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.CommandOptions;
import io.refold.eventstore.CommandOutcomeUnknownException;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Threads that write to a store until they are stopped, each to a route of its own: in turn an
 * append to two streams and a command. Whatever the store answers but success at its level of
 * durability, they send the same again. What was acknowledged is compared from outside with what
 * lies there.
 */
final class ClusterWriters implements AutoCloseable {
  private static final int EACH = 10_000;

  private final RedisEventStore store;
  private final CommandHandler<Command, Account, Event> accounts;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<String> routes;
  private final Map<String, Semaphore> progress = new HashMap<>();
  private final Queue<Acknowledged> acknowledged = new ConcurrentLinkedQueue<>();
  private final Queue<Throwable> surprises = new ConcurrentLinkedQueue<>();
  private final AtomicLong longestNanos = new AtomicLong();
  private volatile boolean stopped;

  /** A command id that was acknowledged, and when. */
  record Acknowledged(StreamId stream, String commandId, long nanos) {}

  ClusterWriters(RedisEventStore store, List<String> routes) {
    this.store = store;
    this.accounts = CommandHandler.on(store, ACCOUNTS, new Accounts.AccountDecider()).build();
    this.routes = routes;
    for (String route : routes) {
      progress.put(route, new Semaphore(0));
      threads.execute(() -> write(route));
    }
  }

  /** Returns routes that together lie on every partition of a store with 16. */
  static List<String> routes(RedisEventStore store, int each) {
    var routes = new ArrayList<String>();
    var count = new HashMap<Integer, Integer>();
    for (int i = 0; routes.size() < each * store.partitions(); i++) {
      String route = "route-" + i;
      int partition = store.partitionOf(ACCOUNTS.stream(route + "/a"));
      if (count.merge(partition, 1, Integer::sum) <= each) {
        routes.add(route);
      }
    }
    return routes;
  }

  private void write(String route) {
    try {
      for (int number = 1; !stopped && number < EACH; number++) {
        write(route, number);
      }
    } catch (Throwable e) {
      surprises.add(e);
    }
  }

  private void write(String route, int number) {
    StreamId both = ACCOUNTS.stream(route + "/a");
    var append =
        Append.of(ACCOUNTS, both.id(), ExpectedVersion.any(), List.of(new Deposited(number)))
            .and(SAVINGS, route + "/b", ExpectedVersion.any(), List.of(new Deposited(number)))
            .withCommandId("append-" + number);
    if (again(
        () ->
            store.append(append) instanceof AppendResult.Appended done
                && done.durability().reached())) {
      acknowledge(route, both, append.commandId());
    }
    StreamId single = ACCOUNTS.stream(route + "/h");
    Command command = number == 1 ? new Open("owner") : new Deposit(1);
    var options = CommandOptions.defaults().withCommandId("command-" + number);
    if (again(() -> accounts.handle(single.id(), command, options).durability().reached())) {
      acknowledge(route, single, "command-" + number);
    }
  }

  /** Calls until it succeeds; false if the writers were stopped before. */
  private boolean again(Supplier<Boolean> call) {
    while (true) {
      long start = System.nanoTime();
      try {
        if (call.get()) {
          return true;
        }
      } catch (StoreUnavailableException | CommandOutcomeUnknownException e) {
        // the same once more
      } finally {
        longestNanos.accumulateAndGet(System.nanoTime() - start, Math::max);
      }
      if (stopped) {
        return false;
      }
    }
  }

  private void acknowledge(String route, StreamId stream, String commandId) {
    acknowledged.add(new Acknowledged(stream, commandId, System.nanoTime()));
    semaphore(route).release();
  }

  private Semaphore semaphore(String route) {
    return Objects.requireNonNull(progress.get(route));
  }

  /** Waits until each of these routes gets so many more acknowledgements. */
  void awaitProgress(int count, Predicate<String> which) throws InterruptedException {
    List<String> awaited = routes.stream().filter(which).toList();
    awaited.forEach(route -> semaphore(route).drainPermits());
    for (String route : awaited) {
      assertThat(semaphore(route).tryAcquire(count, 60, TimeUnit.SECONDS))
          .as("progress of %s; %s", route, surprises)
          .isTrue();
    }
  }

  /** Stops the writers and waits for them. */
  void stop() throws InterruptedException {
    stopped = true;
    threads.shutdown();
    assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
  }

  /** Returns how long the slowest single call took. */
  long longestMillis() {
    return TimeUnit.NANOSECONDS.toMillis(longestNanos.get());
  }

  /**
   * Compares what was acknowledged with what lies in the store.
   *
   * @param mayBeLost what a failover may have taken
   */
  void verify(Predicate<Acknowledged> mayBeLost) {
    assertThat(surprises).isEmpty();
    long events = 0;
    var ids = new HashMap<StreamId, List<String>>();
    for (String route : routes) {
      List<StoredEvent> first = gapless(ACCOUNTS.stream(route + "/a"));
      List<StoredEvent> second = gapless(SAVINGS.stream(route + "/b"));
      List<StoredEvent> commands = gapless(ACCOUNTS.stream(route + "/h"));
      assertThat(second)
          .extracting(StoredEvent::position)
          .containsExactlyElementsOf(first.stream().map(StoredEvent::position).toList());
      for (List<StoredEvent> stream : List.of(first, commands)) {
        assertThat(stream).extracting(StoredEvent::commandId).doesNotHaveDuplicates();
        if (!stream.isEmpty()) {
          ids.put(stream.getFirst().stream(), stream.stream().map(StoredEvent::commandId).toList());
        }
      }
      if (!commands.isEmpty()) { // what the handler has kept is what a new one would fold
        long deposits = commands.size() - 1L;
        assertThat(accounts.load(route + "/h").state()).isEqualTo(new Account(true, deposits));
      }
      events += first.size() + second.size() + commands.size();
    }
    for (Acknowledged known : acknowledged) {
      @Nullable List<String> written = ids.get(known.stream());
      if (!mayBeLost.test(known)) {
        assertThat(written).as("%s", known.stream()).contains(known.commandId());
      }
    }
    assertThat(inLogs()).isEqualTo(events);
  }

  private List<StoredEvent> gapless(StreamId stream) {
    List<StoredEvent> events = store.read(stream, 0, EACH);
    for (int i = 0; i < events.size(); i++) {
      assertThat(events.get(i).version()).isEqualTo(i + 1L);
    }
    return events;
  }

  /** Returns how many events the logs point to; each log has every number, and every event. */
  private long inLogs() {
    long events = 0;
    for (int partition = 0; partition < store.partitions(); partition++) {
      List<LogEntry> log = store.readLog(partition, 0, EACH);
      for (int i = 0; i < log.size(); i++) {
        assertThat(log.get(i).position().sequence()).isEqualTo(i + 1L);
      }
      int pointers = log.stream().mapToInt(LogEntry::events).sum();
      assertThat(store.fetch(log, category -> true)).hasSize(pointers);
      events += pointers;
    }
    return events;
  }

  @Override
  public void close() {
    stopped = true;
    threads.shutdownNow();
  }
}
