package io.refold.projections;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Append;
import io.refold.eventstore.EncodedEvent;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.eventstore.Limits;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Metadata;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Subscriptions;
import io.refold.projections.store.Subscriptions.Reading;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Windows of a history, for one generation or several. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HistoryWindowsTest {
  private static final Lease FIRST = lease("first");
  private static final Lease SECOND = lease("second");

  private final EventStore store = new InMemoryEventStore(1, Clock.systemUTC(), Limits.defaults());
  private final AtomicInteger fetches = new AtomicInteger();
  private final SharedEvents events = new SharedEvents(counting(), Set.of("a", "b"), 2);

  /** The log itself: leases are looked after elsewhere. */
  private final Subscriptions log =
      (Subscriptions)
          Proxy.newProxyInstance(
              getClass().getClassLoader(),
              new Class<?>[] {Subscriptions.class},
              (proxy, method, args) -> range(((Position) args[1]).sequence(), (int) args[2]));

  private Reading range(long behind, int count) {
    List<LogEntry> read = store.readLog(0, behind, count);
    return new Reading.Entries(read, read.size() < count);
  }

  private static Lease lease(String projection) {
    return new Lease(new Generation(projection, 1), 0, "me", 1);
  }

  private EventStore counting() {
    return (EventStore)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {EventStore.class},
            (Object proxy, Method method, Object[] args) -> {
              if (method.getName().equals("fetch")) {
                fetches.incrementAndGet();
              }
              return method.invoke(store, args);
            });
  }

  /** Appends events of two categories in turn. */
  private void fill(int number, int bytes) {
    byte[] data = ("\"" + "x".repeat(bytes) + "\"").getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < number; i++) {
      var stream = new StreamId(i % 2 == 0 ? "a" : "b", "s" + i % 50);
      var write =
          new Append.StreamWrite(
              stream, ExpectedVersion.any(), List.of(new EncodedEvent("E", data)));
      store.append(new Append(List.of(write), "c" + i, Metadata.empty()));
    }
  }

  private List<LogEntry> window(Lease lease, long last) {
    return events.history(log, lease, new Position(0, last, 1), 8_000)
            instanceof Reading.Entries(List<LogEntry> read, boolean end)
        ? read
        : List.of();
  }

  /** Reads everything as an owner does; returns the events of a category. */
  private List<StoredEvent> readAll(Lease lease, String category) {
    var read = new ArrayList<StoredEvent>();
    long last = 0;
    for (List<LogEntry> next = window(lease, 0); !next.isEmpty(); next = window(lease, last)) {
      read.addAll(events.fetch(next, category::equals));
      last = next.getLast().position().sequence();
    }
    return read;
  }

  private List<StoredEvent> all(String category) {
    return store.fetch(store.readLog(0, 0, 10_000), category::equals);
  }

  @Test
  void generationsThatStartTogetherFetchEachWindowOnce() {
    fill(9_000, 10);
    events.together(List.of(FIRST.generation(), SECOND.generation()));
    var second = CompletableFuture.supplyAsync(() -> readAll(SECOND, "b"));

    assertThat(readAll(FIRST, "a")).isEqualTo(all("a"));
    assertThat(second).succeedsWithin(20, TimeUnit.SECONDS).isEqualTo(all("b"));
    assertThat(fetches).hasValue(3); // 2,000, 4,000 and the rest
  }

  @Test
  void whoeverNeverComesHoldsUpNobodyForLong() {
    fill(200, 10);
    events.together(List.of(FIRST.generation(), SECOND.generation()));

    assertThat(readAll(FIRST, "a")).isEqualTo(all("a"));
    assertThat(readAll(SECOND, "b")).isEqualTo(all("b"));
  }

  @Test
  void whoeverHasLeftAPartitionIsNotWaitedForAndItsWindowIsNotKept() {
    fill(200, 10);
    events.together(List.of(FIRST.generation(), SECOND.generation()));
    events.leave(SECOND.generation(), 0);
    List<LogEntry> alone = window(FIRST, 0);

    events.fetch(alone, "a"::equals);
    events.fetch(alone, "a"::equals);

    assertThat(alone).hasSize(200);
    assertThat(fetches).hasValue(2);
  }

  @Test
  void someoneWhoStartsInTheMiddleOfAWindowReadsItsRest() {
    fill(4_000, 10);
    events.together(List.of(FIRST.generation(), SECOND.generation()));
    var second = CompletableFuture.supplyAsync(() -> window(SECOND, 1_200));
    List<LogEntry> first = window(FIRST, 0);

    assertThat(second.join().getLast())
        .isIn(first.getLast(), store.readLog(0, 3_199, 1).getFirst());
    assertThat(events.fetch(second.join(), "a"::equals)).isNotEmpty();
  }

  @Test
  void eventsAreFetchedAnewAfterOneCouldNotBeApplied() {
    fill(200, 10);
    events.together(List.of(FIRST.generation(), SECOND.generation()));
    var second = CompletableFuture.supplyAsync(() -> window(SECOND, 0));
    List<LogEntry> window = window(FIRST, 0);
    assertThat(second.join()).isEqualTo(window);
    events.fetch(window, "a"::equals);
    events.fetch(window, "b"::equals);
    assertThat(fetches).hasValue(1);

    events.drop(window);

    events.fetch(window, "a"::equals);
    assertThat(fetches).hasValue(2);
  }

  @Test
  void largeEventsMakeSmallerWindows() {
    fill(4_000, 5_000);
    List<LogEntry> window = window(FIRST, 0);
    assertThat(window).hasSize(2_000);
    events.fetch(window, "a"::equals);

    assertThat(window(FIRST, 2_000)).hasSize(1_000);
  }
}
