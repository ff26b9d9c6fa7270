package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static io.refold.eventstore.Accounts.SAVINGS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Event;
import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.LogHead;
import io.refold.eventstore.Metadata;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.StreamMark;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.redisson.api.RScript;
import org.redisson.client.codec.StringCodec;

/** A write that meets a lost or wrong counter, or a log changed by hand, leaves nothing behind. */
abstract class TamperedCounterContract {
  private static final ExpectedVersion ANY = ExpectedVersion.any();
  private static final List<Event> TWO = List.of(new Deposited(1), new Deposited(2));
  private static final List<String> DAMAGES =
      List.of(
          "redis.call('DEL', KEYS[2])",
          "redis.call('HSET', KEYS[2], 'appends', 0)",
          "redis.call('HINCRBY', KEYS[2], 'appends', -1)",
          "redis.call('XSETID', KEYS[1], '999999999-0')");
  private static final String REPAIR =
      """
      redis.call('HSET', KEYS[2], 'appends', ARGV[1], 'events', ARGV[2])
      redis.call('XSETID', KEYS[1], ARGV[3])
      """;

  private final String id = UUID.randomUUID().toString();
  private final StreamId stream = ACCOUNTS.stream(id);

  /** Returns a store; it may hold other tests' streams. */
  protected abstract RedisEventStore store();

  /** Runs a write that fails while counter or log are damaged, in each of the ways. */
  private void failing(Runnable write) {
    int partition = store().partitionOf(stream);
    for (var damage : DAMAGES) {
      LogHead head = store().head(partition);
      List<StoredEvent> events = store().read(stream, 0, 100);
      eval(damage);
      try {
        assertThatThrownBy(write::run)
            .as(damage)
            .isInstanceOf(StoreUnavailableException.class)
            .hasMessageContaining("nothing was written")
            .hasMessageContaining("account:" + id);
      } finally {
        Position last = head.position();
        eval(REPAIR, "" + last.sequence(), "" + head.events(), last.logId());
      }
      assertThat(store().head(partition)).isEqualTo(head);
      assertThat(store().read(stream, 0, 100)).isEqualTo(events);
    }
  }

  private void eval(String script, String... args) {
    String tag = store().session().partitionTag(store().partitionOf(stream));
    List<Object> keys = List.of(tag + ":log", tag + ":count");
    store()
        .session()
        .redisson()
        .getScript(StringCodec.INSTANCE)
        .eval(RScript.Mode.READ_WRITE, script, RScript.ReturnType.VALUE, keys, (Object[]) args);
  }

  private void append(int times) {
    for (int i = 0; i < times; i++) {
      store().append(Append.of(ACCOUNTS, id, ANY, TWO).withMetadata(Metadata.of("n", "" + i)));
    }
  }

  @Test
  void anAppendAtTheExpectedVersionLeavesNothing() {
    append(20);
    var append = Append.of(ACCOUNTS, id, ExpectedVersion.exactly(40), TWO);

    failing(() -> store().append(append));

    assertThat(store().append(append)).isInstanceOf(AppendResult.Appended.class);
    assertThat(store().read(stream, 0, 100)).hasSize(42);
  }

  @Test
  void anAppendToANewStreamLeavesNoStream() {
    append(1);
    var append = Append.of(ACCOUNTS, id + "/new", ExpectedVersion.noStream(), TWO);

    failing(() -> store().append(append));

    assertThat(store().read(ACCOUNTS.stream(id + "/new"), 0, 10)).isEmpty();
    assertThat(store().append(append)).isInstanceOf(AppendResult.Appended.class);
  }

  @Test
  void anAppendToSeveralStreamsLeavesNothing() {
    append(1);
    var append =
        Append.of(ACCOUNTS, id, ANY, TWO).and(SAVINGS, id, ExpectedVersion.noStream(), TWO);

    failing(() -> store().append(append));

    assertThat(store().read(SAVINGS.stream(id), 0, 10)).isEmpty();
    assertThat(store().append(append)).isInstanceOf(AppendResult.Appended.class);
    assertThat(store().read(stream, 0, 10)).hasSize(4);
  }

  @Test
  void aMarkLeavesNothing() {
    append(1);
    failing(() -> store().mark(stream, new StreamMark.Forgotten("käthe"), ANY, "forget"));
    failing(() -> store().close(stream, ANY));
    assertThat(store().append(Append.of(ACCOUNTS, id, ExpectedVersion.exactly(2), TWO)))
        .as("it is not closed")
        .isInstanceOf(AppendResult.Appended.class);
  }

  @Test
  void aMarkOfAClosedStreamLeavesItClosed() {
    append(1);
    store().close(stream, ANY);

    failing(() -> store().mark(stream, new StreamMark.Forgotten("käthe"), ANY, "forget"));
    failing(() -> store().delete(stream, ANY));

    assertThat(store().append(Append.of(ACCOUNTS, id, ExpectedVersion.exactly(3), TWO)))
        .isEqualTo(new AppendResult.Refused(stream, AppendResult.Reason.CLOSED));
    assertThat(store().delete(stream, ANY)).isInstanceOf(AppendResult.Appended.class);
  }
}
