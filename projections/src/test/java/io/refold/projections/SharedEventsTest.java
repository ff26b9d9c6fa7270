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
import io.refold.eventstore.StreamId;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What several projections of a process fetch together, and how much of it is kept. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SharedEventsTest {
  private static final int MIB = 1 << 20;

  private final EventStore store =
      new InMemoryEventStore(1, Clock.systemUTC(), new Limits(48 * MIB, 100, 100 * MIB));
  private final AtomicInteger fetched = new AtomicInteger();
  private final SharedEvents events = new SharedEvents(counting(), Set.of("a"), 2);

  private EventStore counting() {
    return (EventStore)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {EventStore.class},
            (proxy, method, args) -> {
              if (method.getName().equals("fetch")) {
                fetched.addAndGet(((Collection<?>) args[0]).size());
              }
              return method.invoke(store, args);
            });
  }

  /** Appends one event after the other, all with the same data. */
  private List<LogEntry> fill(int number, int bytes) {
    byte[] data = ("\"" + "x".repeat(bytes - 2) + "\"").getBytes(StandardCharsets.UTF_8);
    long before = store.head(0).position().sequence();
    for (int i = 0; i < number; i++) {
      var write =
          new Append.StreamWrite(
              new StreamId("a", "s"), ExpectedVersion.any(), List.of(new EncodedEvent("E", data)));
      store.append(new Append(List.of(write), "c" + before + "-" + i, Metadata.empty()));
    }
    return store.readLog(0, before, number);
  }

  private void read(List<LogEntry> entries, int atOnce) {
    for (int from = 0; from < entries.size(); from += atOnce) {
      List<LogEntry> part = entries.subList(from, Math.min(entries.size(), from + atOnce));
      assertThat(events.fetch(part, "a"::equals)).hasSize(part.size());
    }
  }

  @Test
  void whatSeveralWantIsFetchedOnce() {
    List<LogEntry> entries = fill(100, 100);
    read(entries, 10);
    read(entries, 20);
    assertThat(fetched).hasValue(100);
  }

  @Test
  void ofBigEventsOnlySomeMegabytesAreKept() {
    List<LogEntry> entries = fill(20, MIB);
    read(entries, 10);
    read(entries, 10);
    assertThat(fetched).as("they have room").hasValue(20);

    List<LogEntry> more = fill(80, MIB);
    read(more, 10);
    fetched.set(0);
    read(more, 1);
    assertThat(fetched).as("of 80 MiB, 32 are kept").hasValueGreaterThanOrEqualTo(80 - 32);
  }

  @Test
  void anEventThatHasNoRoomIsReadAllTheSame() {
    List<LogEntry> entries = fill(2, 40 * MIB);
    read(entries, 1);
    read(entries, 2);
    assertThat(fetched).hasValue(4);
  }

  @Test
  void batchesGrowWhileEventsAreSmallAndShrinkWithTheirBytes() {
    assertThat(events.batch(500)).isLessThan(64);
    for (int i = 0; i < 5; i++) {
      read(fill(10, 100), 10);
    }
    assertThat(events.batch(500)).isEqualTo(500);
    read(fill(20, MIB), 20);
    assertThat(events.batch(500)).isEqualTo(4);
    read(fill(2, 10 * MIB), 2);
    assertThat(events.batch(500)).isEqualTo(1);
    read(fill(1, 100), 1);
    assertThat(events.batch(500)).isEqualTo(2);
  }
}
