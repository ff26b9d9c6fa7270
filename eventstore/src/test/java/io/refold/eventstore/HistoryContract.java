package io.refold.eventstore;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static io.refold.eventstore.EventStoreContract.appended;
import static io.refold.eventstore.EventStoreContract.deposits;
import static io.refold.eventstore.EventStoreContract.newId;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.Account;
import io.refold.eventstore.Accounts.AccountDecider;
import io.refold.eventstore.Accounts.Command;
import io.refold.eventstore.Accounts.Deposit;
import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Event;
import io.refold.eventstore.Accounts.Open;
import io.refold.eventstore.AppendResult.Appended;
import io.refold.eventstore.AppendResult.Reason;
import io.refold.eventstore.AppendResult.Refused;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** History as data: read, listed, closed and deleted, on whatever store. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class HistoryContract {
  private static final ExpectedVersion ANY = ExpectedVersion.any();

  private final String id = newId();
  private final StreamId stream = ACCOUNTS.stream(id);

  /** Returns a store; it may hold other tests' streams. */
  protected abstract EventStore store();

  private CommandHandler<Command, Account, Event> accounts() {
    return CommandHandler.on(store(), ACCOUNTS, new AccountDecider()).build();
  }

  private Appended append(int first, int last) {
    return appended(store().append(Append.of(ACCOUNTS, id, ANY, deposits(first, last))));
  }

  @Test
  void aHistoryIsReadToItsEndHoweverLongItIs() {
    append(1, 1_000);
    append(1_001, 2_000);
    append(2_001, 2_345);

    assertThat(store().history(ACCOUNTS, id).map(Recorded::version))
        .hasSize(2_345)
        .isSorted()
        .doesNotHaveDuplicates();
    assertThat(store().history(ACCOUNTS, id, 2_343, Instant.MAX).map(Recorded::event))
        .containsExactly(new Deposited(2_344), new Deposited(2_345));
    assertThat(store().history(ACCOUNTS, newId())).isEmpty();
  }

  @Test
  void aHistoryEndsAtATime() throws InterruptedException {
    Instant first = append(1, 2).position().recordedAt();
    Instant second = appendLater(first, 3);

    assertThat(store().history(ACCOUNTS, id, 0, first)).hasSize(2);
    assertThat(store().history(ACCOUNTS, id, 0, second)).hasSize(3);
    assertThat(store().history(ACCOUNTS, id, 0, first.minusNanos(1_000))).isEmpty();
  }

  private Instant appendLater(Instant than, int cents) {
    Instant recorded;
    do {
      recorded = store().head(store().partitionOf(stream)).position().recordedAt();
      if (!recorded.isAfter(than)) {
        var other = Append.of(Accounts.SAVINGS, id, ANY, deposits(1, 1));
        recorded = appended(store().append(other)).position().recordedAt();
      }
    } while (!recorded.isAfter(than));
    return append(cents, cents).position().recordedAt();
  }

  @Test
  void aStateIsFoldedAsOfAVersionOrATime() {
    var accounts = accounts();
    var opened = accounts.handle(id, new Open("Alice"));
    Instant later = appendLater(opened.position().recordedAt(), 5);
    accounts.handle(id, new Deposit(7));

    assertThat(accounts.loadAsOf(id, 0).state()).isEqualTo(new Account(false, 0));
    assertThat(accounts.loadAsOf(id, 2).state()).isEqualTo(new Account(true, 5));
    assertThat(accounts.loadAsOf(id, 2).version()).isEqualTo(2);
    assertThat(accounts.loadAsOf(id, 99).state()).isEqualTo(new Account(true, 12));
    assertThat(accounts.loadAsOf(id, opened.position().recordedAt()).version()).isEqualTo(1);
    assertThat(accounts.loadAsOf(id, later).state()).isEqualTo(new Account(true, 5));
    assertThat(accounts.loadAsOf(id, Instant.EPOCH).version()).isZero();
    assertThatThrownBy(() -> accounts.loadAsOf(id, -1)).hasMessageContaining("-1");
  }

  @Test
  void theStreamsOfACategoryAreListedInPages() {
    Category<Event> own = Category.of("list-" + newId(), ACCOUNTS.codec());
    Set<StreamId> expected = new HashSet<>();
    for (int i = 0; i < 60; i++) {
      store().append(Append.of(own, "a" + i, ANY, deposits(1, 2)));
      store().append(Append.of(own, "a" + i, ANY, deposits(3, 3)));
      store().append(Append.of(ACCOUNTS, "other-" + newId(), ANY, deposits(1, 1)));
      expected.add(own.stream("a" + i));
    }
    var two = Append.of(own, "r/1", ANY, deposits(1, 1)).and(own, "r/2", ANY, deposits(1, 1));
    store().append(two);
    expected.addAll(List.of(own.stream("r/1"), own.stream("r/2")));
    store().delete(own.stream("a7"), ANY);
    store().delete(own.stream("never-begun"), ANY);
    for (int i = 0; i < 5; i++) {
      var cancelled = new StreamMark.Cancelled();
      appended(store().mark(own.stream("only-marks"), cancelled, ANY, "c" + i));
      appended(store().mark(own.stream("first-marks"), cancelled, ANY, "c" + i));
    }
    appended(store().mark(own.stream("a8"), new StreamMark.Forgotten("käthe"), ANY, "forget"));
    store().append(Append.of(own, "first-marks", ANY, deposits(1, 1)));
    expected.add(own.stream("first-marks"));
    expected.remove(own.stream("a7"));

    var listed = new ArrayList<StreamId>();
    Optional<String> cursor = Optional.of("");
    while (cursor.isPresent()) {
      StreamPage page = store().streams(own, cursor.get(), 7);
      assertThat(page.streams().size()).isBetween(0, 8);
      listed.addAll(page.streams());
      cursor = page.next();
    }

    assertThat(listed).containsExactlyInAnyOrderElementsOf(expected);
    assertThatThrownBy(() -> store().streams(own, "99:1-1", 7)).hasMessageContaining("99:1-1");
    assertThatThrownBy(() -> store().streams(own, "nonsense", 7))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aClosedStreamKeepsItsEventsAndTakesNoMore() {
    var append = Append.of(ACCOUNTS, id, ANY, deposits(1, 2));
    store().append(append);

    assertThat(store().close(stream, ExpectedVersion.exactly(1)))
        .isInstanceOf(AppendResult.Conflict.class);
    Appended closed = appended(store().close(stream, ExpectedVersion.exactly(2)));

    assertThat(closed.versions()).containsEntry(stream, 3L);
    assertThat(closed.repeat()).isFalse();
    assertThat(store().history(ACCOUNTS, id)).hasSize(2);
    assertThat(store().read(stream, 2, 10))
        .extracting(StreamMark::of)
        .containsExactly(Optional.of(new StreamMark.Closed()));
    for (var expected : List.of(ANY, ExpectedVersion.exactly(2), ExpectedVersion.exactly(3))) {
      assertThat(store().append(Append.of(ACCOUNTS, id, expected, deposits(3, 3))))
          .isEqualTo(new Refused(stream, Reason.CLOSED));
    }
    assertThat(appended(store().append(append)).repeat()).isTrue();
    assertThat(appended(store().close(stream, ANY)).repeat()).isTrue();
    assertThat(store().head(closed.position().partition()).position().sequence())
        .isGreaterThanOrEqualTo(closed.position().sequence());
    assertThat(store().readLog(closed.position().partition(), closed.position().sequence() - 1, 1))
        .containsExactly(
            new LogEntry(closed.position(), List.of(new LogEntry.Pointer(stream, 3, 1))));
  }

  @Test
  void aDeletedStreamIsEmptyAndItsIdCannotStartAgain() {
    append(1, 2);
    var log = new ArrayList<>(store().readLog(store().partitionOf(stream), 0, 10_000));

    appended(store().delete(stream, ANY));

    assertThat(store().history(ACCOUNTS, id)).isEmpty();
    assertThat(store().read(stream, 0, 10))
        .singleElement()
        .satisfies(mark -> assertThat(mark.version()).isEqualTo(3))
        .extracting(StreamMark::of)
        .isEqualTo(Optional.of(new StreamMark.Deleted()));
    for (var expected :
        List.of(
            ANY,
            ExpectedVersion.noStream(),
            ExpectedVersion.exactly(1),
            ExpectedVersion.exactly(3))) {
      assertThat(store().append(Append.of(ACCOUNTS, id, expected, deposits(1, 1))))
          .isEqualTo(new Refused(stream, Reason.DELETED));
    }
    assertThat(appended(store().delete(stream, ANY)).repeat()).isTrue();
    assertThat(store().close(stream, ANY)).isEqualTo(new Refused(stream, Reason.DELETED));
    assertThat(store().fetch(log, category -> true))
        .extracting(StoredEvent::stream)
        .doesNotContain(stream);
  }

  @Test
  void aClosedStreamCanBeDeletedAndItsDataForgotten() {
    append(1, 2);
    appended(store().close(stream, ANY));

    appended(store().mark(stream, new StreamMark.Forgotten("käthe"), ANY, "forget-1"));
    assertThat(
            appended(store().mark(stream, new StreamMark.Forgotten("käthe"), ANY, "forget-1"))
                .repeat())
        .isTrue();

    assertThat(store().read(stream, 3, 10))
        .singleElement()
        .extracting(StreamMark::of)
        .isEqualTo(Optional.of(new StreamMark.Forgotten("käthe")));
    assertThat(store().append(Append.of(ACCOUNTS, id, ANY, deposits(1, 1))))
        .isEqualTo(new Refused(stream, Reason.CLOSED));
    appended(store().delete(stream, ANY));
    assertThat(store().read(stream, 0, 10)).hasSize(1);
    assertThat(store().mark(stream, new StreamMark.Forgotten("käthe"), ANY, "forget-2"))
        .isEqualTo(new Refused(stream, Reason.DELETED));
  }

  /** Reads amounts until it hears that they were forgotten, as one with a key in its cache does. */
  private static final class CachingCodec implements EventCodec<Event>, Protection {
    private boolean forgotten;

    @Override
    public EncodedEvent encode(StreamId stream, Event event) {
      return ACCOUNTS.codec().encode(stream, event);
    }

    @Override
    public List<Event> decode(StoredEvent stored) {
      List<Event> events = ACCOUNTS.codec().decode(stored);
      return forgotten && events.getFirst() instanceof Deposited
          ? List.of(new Deposited(0))
          : events;
    }

    @Override
    public Protection protection() {
      return this;
    }

    @Override
    public byte[] seal(StreamId stream, byte[] state) {
      return state;
    }

    @Override
    public byte[] open(StreamId stream, byte[] sealed) {
      return sealed;
    }

    @Override
    public void forgotten(String subject) {
      forgotten = true;
    }
  }

  @Test
  void whatWasForgottenElsewhereIsInNoStateNeitherKeptNorRead() {
    for (boolean known : List.of(true, false)) {
      Category<Event> accounts = Category.of("account", new CachingCodec());
      var handler = CommandHandler.on(store(), accounts, new AccountDecider()).build();
      String own = newId();
      accounts().handle(own, new Open("Alice"));
      accounts().handle(own, new Deposit(5));
      if (known) {
        assertThat(handler.load(own).state()).isEqualTo(new Account(true, 5));
      }

      var mark = new StreamMark.Forgotten("alice");
      appended(store().mark(accounts.stream(own), mark, ANY, "forget-" + own));

      assertThat(handler.load(own).state()).isEqualTo(new Account(true, 0));
      assertThat(handler.handle(own, new Deposit(7)).state()).isEqualTo(new Account(true, 7));
    }
  }

  @Test
  void aCancelledCommandNeverWritesAndOneThatHasWrittenIsNotCancelled() {
    append(1, 1);
    var late =
        Append.of(ACCOUNTS, id, ExpectedVersion.exactly(1), deposits(2, 2)).withCommandId("late");
    var early = Append.of(ACCOUNTS, id, ANY, deposits(3, 3)).withCommandId("early");
    store().append(early);

    assertThat(appended(store().mark(stream, new StreamMark.Cancelled(), ANY, "early")).repeat())
        .isTrue();
    assertThat(appended(store().mark(stream, new StreamMark.Cancelled(), ANY, "late")).repeat())
        .isFalse();

    assertThat(store().append(late)).isEqualTo(new Refused(stream, Reason.CANCELLED));
    assertThat(store().history(ACCOUNTS, id).map(Recorded::event))
        .containsExactly(new Deposited(1), new Deposited(3));
    var handled = CommandOptions.defaults().withCommandId("late");
    assertThatThrownBy(() -> accounts().handle(id, new Deposit(2), handled))
        .isInstanceOf(CommandCancelledException.class)
        .hasMessageContaining("late");
  }

  @Test
  void commandsOnStreamsThatEndedAreRefused() {
    var accounts = accounts();
    accounts.handle(id, new Open("Alice"));
    var once = CommandOptions.defaults().withCommandId("once");
    accounts.handle(id, new Deposit(1), once);
    appended(store().close(stream, ANY));

    assertThatThrownBy(() -> accounts.handle(id, new Deposit(1)))
        .isInstanceOf(StreamClosedException.class)
        .hasMessageContaining("was closed");
    assertThatThrownBy(() -> accounts.handle(id, new Open("Alice")))
        .as("even what would change nothing")
        .isInstanceOf(StreamClosedException.class);
    assertThat(accounts.handle(id, new Deposit(1), once).repeat()).isTrue();
    assertThat(accounts.load(id).state()).isEqualTo(new Account(true, 1));

    appended(store().delete(stream, ANY));
    assertThatThrownBy(() -> accounts.handle(id, new Open("Eve")))
        .isInstanceOf(StreamClosedException.class)
        .hasMessageContaining("was deleted");
    assertThatThrownBy(() -> accounts().handle(id, new Open("Eve")))
        .isInstanceOf(StreamClosedException.class);
    assertThat(accounts.load(id).state()).isEqualTo(new Account(false, 0));
  }
}
