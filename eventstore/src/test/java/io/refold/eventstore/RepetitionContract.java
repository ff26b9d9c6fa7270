package io.refold.eventstore;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static io.refold.eventstore.Accounts.SAVINGS;
import static io.refold.eventstore.EventStoreContract.appended;
import static io.refold.eventstore.EventStoreContract.deposits;
import static io.refold.eventstore.EventStoreContract.newId;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.AppendResult.Appended;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What counts as the same append or mark once more, and what as misuse, on whatever store. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class RepetitionContract {
  private static final ExpectedVersion ANY = ExpectedVersion.any();

  private final String id = newId();
  private final StreamId stream = ACCOUNTS.stream(id);

  /** Returns a store; it may hold other tests' streams. */
  protected abstract EventStore store();

  private Append append(ExpectedVersion expected, String commandId) {
    return Append.of(ACCOUNTS, id, expected, deposits(1, 1)).withCommandId(commandId);
  }

  private AppendResult forget(String commandId) {
    return store().mark(stream, new StreamMark.Forgotten("käthe"), ANY, commandId);
  }

  private AppendResult cancel(String commandId) {
    return store().mark(stream, new StreamMark.Cancelled(), ANY, commandId);
  }

  @Test
  void aRepeatedMarkTellsTheVersionThatItWrote() {
    store().append(append(ANY, "before"));
    appended(forget("forget"));
    appended(cancel("cancelled"));
    store().append(append(ANY, "behind"));

    Appended forgotten = appended(forget("forget"));
    Appended cancelled = appended(cancel("cancelled"));
    Appended written = appended(cancel("before"));

    assertThat(List.of(forgotten.repeat(), cancelled.repeat(), written.repeat()))
        .containsOnly(true);
    assertThat(forgotten.versions()).containsEntry(stream, 2L);
    assertThat(cancelled.versions()).containsEntry(stream, 3L);
    assertThat(written.versions()).containsEntry(stream, 1L);
    assertThat(store().read(stream, 0, 10)).hasSize(4);
  }

  @Test
  void aMarkUnderTheCommandIdOfSomethingElseIsMisuse() {
    store().append(append(ANY, "event"));
    appended(cancel("cancelled"));
    appended(forget("forgotten"));

    for (String commandId : List.of("event", "cancelled")) {
      assertThatThrownBy(() -> forget(commandId))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'%s' stands in %s already".formatted(commandId, stream));
    }
    assertThatThrownBy(() -> cancel("forgotten")).isInstanceOf(IllegalArgumentException.class);
    assertThat(store().read(stream, 0, 10)).hasSize(3);
  }

  @Test
  void anAppendUnderTheCommandIdOfAMarkIsMisuse() {
    appended(forget("forgotten"));

    for (var expected : List.of(ANY, ExpectedVersion.noStream())) {
      assertThatThrownBy(() -> store().append(append(expected, "forgotten")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'forgotten' stands in %s already".formatted(stream));
    }
    assertThat(store().read(stream, 0, 10)).hasSize(1);
  }

  @Test
  void whatEndsAStreamIsRepeatedByTheStateOfTheStreamWhateverItsCommandId() {
    store().append(append(ANY, "event"));

    assertThat(appended(store().mark(stream, new StreamMark.Closed(), ANY, "event")).repeat())
        .isFalse();
    assertThat(appended(store().mark(stream, new StreamMark.Closed(), ANY, "other")).repeat())
        .isTrue();
    assertThat(appended(store().mark(stream, new StreamMark.Deleted(), ANY, "other")).repeat())
        .isFalse();
    Appended again = appended(store().mark(stream, new StreamMark.Deleted(), ANY, "event"));
    assertThat(again.repeat()).isTrue();
    assertThat(again.versions()).containsEntry(stream, 3L);
  }

  @Test
  void anAppendToTwoStreamsIsRecognisedThoughOneWasDeletedSince() {
    for (var expected : List.of(ANY, ExpectedVersion.noStream())) {
      String route = newId();
      var both =
          Append.of(ACCOUNTS, route + "/a", expected, deposits(1, 1))
              .and(SAVINGS, route + "/b", expected, deposits(2, 3));
      store().append(both);
      store().delete(ACCOUNTS.stream(route + "/a"), ANY);

      Appended repeat = appended(store().append(both));

      assertThat(repeat.repeat()).isTrue();
      assertThat(repeat.versions()).containsOnlyKeys(SAVINGS.stream(route + "/b"));
      assertThat(repeat.versions()).containsValue(2L);
    }
  }
}
