package io.refold.eventstore;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static io.refold.eventstore.Accounts.SAVINGS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Event;
import io.refold.eventstore.Accounts.Opened;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every event store does; an implementation says how to get one. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class EventStoreContract {
  private static final Event OPENED = new Opened("Alice");

  /** Returns a store; it may hold other tests' streams. */
  protected abstract EventStore store();

  /** Returns an id that no other test uses. */
  protected static String newId() {
    return UUID.randomUUID().toString();
  }

  @Test
  void eventsComeBackAsTheyWereAppended() {
    String id = newId();
    var append =
        Append.of(ACCOUNTS, id, ExpectedVersion.noStream(), List.of(OPENED, new Deposited(5)))
            .withCommandId("open-" + id)
            .withMetadata(Metadata.of("user", "käthe"));

    var appended = appended(store().append(append));

    List<Recorded<Event>> read = store().read(ACCOUNTS, id, 0, 10).events();
    assertThat(read).extracting(Recorded::event).containsExactly(OPENED, new Deposited(5));
    assertThat(read).extracting(Recorded::version).containsExactly(1L, 2L);
    assertThat(read).extracting(Recorded::stream).containsOnly(ACCOUNTS.stream(id));
    assertThat(read).extracting(Recorded::position).containsOnly(appended.position());
    assertThat(read).extracting(Recorded::commandId).containsOnly("open-" + id);
    assertThat(read).extracting(Recorded::metadata).containsOnly(Metadata.of("user", "käthe"));
    assertThat(appended.versions()).containsExactly(Map.entry(ACCOUNTS.stream(id), 2L));
    assertThat(appended.repeat()).isFalse();
  }

  @Test
  void aStreamIsReadInPages() {
    String id = newId();
    store().append(Append.of(ACCOUNTS, id, ExpectedVersion.any(), deposits(1, 25)));

    var first = store().read(ACCOUNTS, id, 0, 10);
    var second = store().read(ACCOUNTS, id, first.version(), 10);
    var third = store().read(ACCOUNTS, id, second.version(), 10);

    assertThat(first.events())
        .extracting(Recorded::version)
        .containsExactlyElementsOf(range(1, 10));
    assertThat(second.events())
        .extracting(Recorded::version)
        .containsExactlyElementsOf(range(11, 20));
    assertThat(third.events())
        .extracting(Recorded::version)
        .containsExactlyElementsOf(range(21, 25));
    assertThat(List.of(first.end(), second.end(), third.end())).containsExactly(false, false, true);
    assertThat(store().read(ACCOUNTS, newId(), 0, 10).events()).isEmpty();
  }

  @Test
  void anAppendThatMissedEventsIsAConflictThatCarriesThem() {
    String id = newId();
    store().append(Append.of(ACCOUNTS, id, ExpectedVersion.noStream(), List.of(OPENED)));
    store().append(Append.of(ACCOUNTS, id, ExpectedVersion.exactly(1), deposits(1, 2)));

    var late = Append.of(ACCOUNTS, id, ExpectedVersion.exactly(1), List.of(new Deposited(99)));
    AppendResult result = store().append(late);

    assertThat(result).isInstanceOf(AppendResult.Conflict.class);
    AppendResult.Missed missed = ((AppendResult.Conflict) result).missed().getFirst();
    assertThat(missed.stream()).isEqualTo(ACCOUNTS.stream(id));
    assertThat(missed.version()).isEqualTo(3);
    assertThat(missed.events()).isEqualTo(store().read(ACCOUNTS.stream(id), 1, 10));
    assertThat(versions(id)).containsExactly(1L, 2L, 3L);
  }

  @Test
  void aStreamShorterThanExpectedIsAConflictWithoutMissedEvents() {
    String id = newId();
    AppendResult result =
        store().append(Append.of(ACCOUNTS, id, ExpectedVersion.exactly(3), List.of(OPENED)));

    assertThat(result).isInstanceOf(AppendResult.Conflict.class);
    AppendResult.Missed missed = ((AppendResult.Conflict) result).missed().getFirst();
    assertThat(missed.version()).isZero();
    assertThat(missed.events()).isEmpty();
    assertThat(versions(id)).isEmpty();
  }

  @Test
  void aNewStreamMustNotExistYet() {
    String id = newId();
    var append = Append.of(ACCOUNTS, id, ExpectedVersion.noStream(), List.of(OPENED));
    store().append(append);

    assertThat(store().append(append.withCommandId("another")))
        .isInstanceOf(AppendResult.Conflict.class);
  }

  @Test
  void anyVersionAppendsBehindWhateverIsThere() {
    String id = newId();
    for (int i = 0; i < 3; i++) {
      store().append(Append.of(ACCOUNTS, id, ExpectedVersion.any(), deposits(i, i)));
    }

    assertThat(versions(id)).containsExactly(1L, 2L, 3L);
  }

  @Test
  void aRepeatedAppendIsRecognisedAndWritesNothing() {
    for (var expected : List.of(ExpectedVersion.exactly(2), ExpectedVersion.any())) {
      var append = Append.of(SAVINGS, newId(), ExpectedVersion.any(), deposits(1, 2));
      StreamId stream = append.writes().getFirst().stream();
      store().append(append);
      var command = Append.of(SAVINGS, stream.id(), expected, deposits(3, 4));
      var first = appended(store().append(command));
      var newer = Append.of(SAVINGS, stream.id(), ExpectedVersion.any(), deposits(5, 5));
      var newest = appended(store().append(newer));

      var repeat = appended(store().append(command));

      assertThat(repeat.repeat()).isTrue();
      assertThat(repeat.versions()).isEqualTo(first.versions());
      assertThat(repeat.position().sequence()).isGreaterThanOrEqualTo(newest.position().sequence());
      assertThat(store().read(stream, 0, 100)).hasSize(5);
    }
  }

  @Test
  void aRepeatIsRecognisedBack256EventsAndNoFurther() {
    String id = newId();
    var command = Append.of(ACCOUNTS, id, ExpectedVersion.exactly(0), deposits(1, 1));
    store().append(command);
    store().append(Append.of(ACCOUNTS, id, ExpectedVersion.exactly(1), deposits(2, 256)));
    assertThat(appended(store().append(command)).repeat()).isTrue();

    store().append(Append.of(ACCOUNTS, id, ExpectedVersion.exactly(256), deposits(257, 257)));

    assertThat(store().append(command)).isInstanceOf(AppendResult.Conflict.class);
  }

  @Test
  void withoutExpectedVersionARepeatIsRecognisedAsFar() {
    String id = newId();
    var command = Append.of(ACCOUNTS, id, ExpectedVersion.any(), deposits(1, 1));
    store().append(command);
    store().append(Append.of(ACCOUNTS, id, ExpectedVersion.exactly(1), deposits(2, 256)));
    assertThat(appended(store().append(command)).repeat()).isTrue();

    store().append(Append.of(ACCOUNTS, id, ExpectedVersion.exactly(256), deposits(257, 257)));

    assertThat(appended(store().append(command)).repeat()).isFalse();
  }

  @Test
  void aCommandIdThatStandsInOneOfTheStreamsOnlyIsMisuse() {
    String route = newId();
    var single = Append.of(ACCOUNTS, route + "/a", ExpectedVersion.any(), deposits(1, 1));
    store().append(single);
    var pair =
        Append.of(ACCOUNTS, route + "/a", ExpectedVersion.any(), deposits(2, 2))
            .and(SAVINGS, route + "/b", ExpectedVersion.any(), deposits(3, 3))
            .withCommandId(single.commandId());

    assertThatThrownBy(() -> store().append(pair))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("stands in account:" + route + "/a already");
    assertThat(store().read(SAVINGS.stream(route + "/b"), 0, 10)).isEmpty();
    assertThat(store().read(SAVINGS.stream(route + "/b"), Long.MAX_VALUE, 10)).isEmpty();
  }

  @Test
  void severalStreamsOfOneRouteAreWrittenTogetherOrNotAtAll() {
    String route = newId();
    var both =
        Append.of(ACCOUNTS, route + "/a", ExpectedVersion.noStream(), deposits(1, 2))
            .and(SAVINGS, route + "/b", ExpectedVersion.noStream(), deposits(3, 5));
    var appended = appended(store().append(both));

    assertThat(appended.versions().get(ACCOUNTS.stream(route + "/a"))).isEqualTo(2);
    assertThat(appended.versions().get(SAVINGS.stream(route + "/b"))).isEqualTo(3);

    var stale =
        Append.of(ACCOUNTS, route + "/a", ExpectedVersion.exactly(2), deposits(9, 9))
            .and(SAVINGS, route + "/b", ExpectedVersion.exactly(1), deposits(9, 9));
    AppendResult result = store().append(stale);

    assertThat(result).isInstanceOf(AppendResult.Conflict.class);
    assertThat(((AppendResult.Conflict) result).missed())
        .singleElement()
        .satisfies(missed -> {
          assertThat(missed.stream()).isEqualTo(SAVINGS.stream(route + "/b"));
          assertThat(missed.events()).hasSize(2);
        });
    assertThat(store().read(ACCOUNTS.stream(route + "/a"), 0, 10)).hasSize(2);
    assertThat(store().read(SAVINGS.stream(route + "/b"), 0, 10)).hasSize(3);
    assertThat(appended(store().append(both)).repeat()).isTrue();
  }

  @Test
  void theLogPointsToEveryAppendWithoutGap() {
    int partition = store().partitionOf(ACCOUNTS.stream("log-order"));
    LogHead before = store().head(partition);
    var appended = new ArrayList<AppendResult.Appended>();
    for (int i = 0; i < 5; i++) {
      var append =
          Append.of(ACCOUNTS, "log-order/" + newId(), ExpectedVersion.any(), deposits(1, 2))
              .and(SAVINGS, "log-order/" + newId(), ExpectedVersion.any(), deposits(3, 3));
      appended.add(appended(store().append(append)));
    }

    List<LogEntry> log = store().readLog(partition, before.position().sequence(), 100);

    assertThat(log)
        .extracting(LogEntry::position)
        .containsExactlyElementsOf(appended.stream().map(AppendResult.Appended::position).toList());
    long start = before.position().sequence();
    assertThat(log)
        .extracting(entry -> entry.position().sequence())
        .containsExactlyElementsOf(range(start + 1, start + 5));
    assertThat(store().head(partition))
        .isEqualTo(new LogHead(log.getLast().position(), before.events() + 15));
    List<StoredEvent> events = store().fetch(log, category -> true);
    assertThat(events).hasSize(15);
    assertThat(events.getFirst().position()).isEqualTo(log.getFirst().position());
    assertThat(store().fetch(log, "savings"::equals)).hasSize(5);
    assertThat(store().readLog(partition, start + 3, 1)).containsExactly(log.get(3));
  }

  @Test
  void fetchedEventsComeInLogOrderThoughStreamsInterleave() {
    int partition = store().partitionOf(ACCOUNTS.stream("interleaved"));
    long start = store().head(partition).position().sequence();
    String a = "interleaved/" + newId();
    String b = "interleaved/" + newId();
    for (int i = 0; i < 300; i++) {
      store()
          .append(Append.of(ACCOUNTS, i % 3 == 0 ? a : b, ExpectedVersion.any(), deposits(i, i)));
    }

    List<StoredEvent> events =
        store().fetch(store().readLog(partition, start, 1_000), category -> true);

    List<Event> typed =
        events.stream()
            .flatMap(event -> ACCOUNTS.read(event).stream())
            .map(Recorded::event)
            .toList();
    assertThat(typed).isEqualTo(deposits(0, 299));
  }

  @Test
  void concurrentWritersOfOneStreamLeaveGaplessVersionsAndNoDuplicates() throws Exception {
    String id = newId();
    int writers = 32;
    int each = 20;
    int commands = writers * each;
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int w = 0; w < writers; w++) {
        int writer = w;
        var unused =
            executor.submit(
                () -> IntStream.range(0, each).forEach(i -> appendExactly(id, writer * each + i)));
      }
      executor.shutdown();
      assertThat(executor.awaitTermination(50, TimeUnit.SECONDS)).isTrue();
    }

    List<StoredEvent> events = store().read(ACCOUNTS.stream(id), 0, 10_000);

    assertThat(events)
        .extracting(StoredEvent::version)
        .containsExactlyElementsOf(range(1, commands));
    assertThat(events)
        .extracting(StoredEvent::commandId)
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, commands).mapToObj(i -> "command-" + i).toList());
  }

  /** Appends at the version it believes in, and learns the right one from each conflict. */
  private void appendExactly(String id, int command) {
    long version = 0;
    while (true) {
      var append =
          Append.of(ACCOUNTS, id, ExpectedVersion.exactly(version), deposits(command, command))
              .withCommandId("command-" + command);
      switch (store().append(append)) {
        case AppendResult.Conflict conflict -> version = conflict.missed().getFirst().version();
        case AppendResult.Appended appended -> {
          return;
        }
        case AppendResult.Refused refused -> throw new AssertionError(refused);
        case AppendResult.Unknown unknown -> throw new AssertionError(unknown.cause());
      }
    }
  }

  @Test
  void aTypeThatWouldBeReadAsAMarkIsRefused() {
    StreamId stream = ACCOUNTS.stream(newId());
    var paid = new EncodedEvent("$paid", new byte[] {'{', '}'});
    var write = new Append.StreamWrite(stream, ExpectedVersion.any(), List.of(paid));
    var append = new Append(List.of(write), "pay", Metadata.empty());

    assertThatThrownBy(() -> store().append(append))
        .isInstanceOf(EventNotStorableException.class)
        .hasMessageContaining("'$paid' for " + stream)
        .hasMessageContaining("nothing was written");
    assertThat(store().read(stream, 0, 10)).isEmpty();
  }

  @Test
  void pagesOutsideTheLimitsAreRefused() {
    StreamId stream = ACCOUNTS.stream("x");
    assertThatThrownBy(() -> store().read(stream, -1, 10)).hasMessageContaining("after -1");
    assertThatThrownBy(() -> store().read(stream, 0, 0)).hasMessageContaining("limit 0");
    assertThatThrownBy(() -> store().read(stream, 0, 10_001)).hasMessageContaining("10001");
    for (int limit : List.of(0, 10_001)) {
      assertThatThrownBy(() -> store().streams(ACCOUNTS, "", limit))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("limit " + limit);
    }
    assertThatThrownBy(() -> store().head(store().partitions()))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  private List<Long> versions(String id) {
    return store().read(ACCOUNTS.stream(id), 0, 100).stream().map(StoredEvent::version).toList();
  }

  protected static AppendResult.Appended appended(AppendResult result) {
    assertThat(result).isInstanceOf(AppendResult.Appended.class);
    return (AppendResult.Appended) result;
  }

  protected static List<Event> deposits(int first, int last) {
    return IntStream.rangeClosed(first, last).<Event>mapToObj(Deposited::new).toList();
  }

  private static List<Long> range(long first, long last) {
    return LongStream.rangeClosed(first, last).boxed().toList();
  }
}
