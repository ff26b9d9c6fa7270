package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static io.refold.eventstore.Accounts.SAVINGS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Event;
import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.EncodedEvent;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Limits;
import io.refold.eventstore.Metadata;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.redisson.api.RStream;
import org.redisson.api.stream.StreamMessageId;
import org.redisson.api.stream.StreamRangeArgs;
import org.redisson.client.codec.StringCodec;

/** What {@code append.lua} leaves in Redis: the bytes that docs/redis-layout.md promises. */
class AppendScriptTest {
  private static final List<Event> ONE = List.of(new Deposited(1));

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore store;

  /** Other tests take entries out of logs, which makes a damage to the counter look like that. */
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore untouched;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RawRedis raw;

  private final String id = UUID.randomUUID().toString();
  private final int partition = store.partitionOf(ACCOUNTS.stream(id));
  private final String tag = store.session().partitionTag(partition);

  @BeforeAll
  static void open() {
    redis = EmbeddedRedis.start();
    store = RedisEventStore.connect(redis.url());
    untouched = RedisEventStore.to(redis.url()).namespace("untouched").open();
    raw = new RawRedis(redis);
  }

  @AfterAll
  static void close() {
    raw.close();
    untouched.close();
    store.close();
    redis.close();
  }

  @Test
  void eventsAndLogEntryLieWhereTheLayoutSays() {
    var append =
        Append.of(ACCOUNTS, id, ExpectedVersion.any(), ONE)
            .and(SAVINGS, id, ExpectedVersion.any(), List.of(new Deposited(2), new Deposited(3)))
            .withCommandId("c1")
            .withMetadata(Metadata.of("user", "bob"));
    var position = ((AppendResult.Appended) store.append(append)).position();

    assertThat(entries(tag + ":s:account:" + id))
        .isEqualTo(
            Map.of(
                "1-0",
                Map.of(
                    "t", "deposited",
                    "d", "{\"cents\":1}",
                    "c", "c1",
                    "p", position.logId(),
                    "m", "{\"user\":\"bob\"}")));
    assertThat(entries(tag + ":s:savings:" + id)).containsOnlyKeys("1-0", "2-0");
    assertThat(entries(tag + ":log"))
        .containsEntry(
            position.logId(), Map.of("w", "1 1 account:%s\n1 2 savings:%s".formatted(id, id)));
  }

  @Test
  void withoutMetadataThereIsNoFieldForIt() {
    store.append(Append.of(ACCOUNTS, id, ExpectedVersion.any(), ONE));

    assertThat(entries(tag + ":s:account:" + id).get("1-0")).containsOnlyKeys("t", "d", "c", "p");
  }

  @Test
  void aNumberOfTheLogIsNeverGivenOutTwice() {
    store.append(Append.of(ACCOUNTS, id, ExpectedVersion.any(), ONE));
    var newest = store.head(partition).position();
    stream(tag + ":log").remove(new StreamMessageId(newest.sequence(), newest.micros()));

    var next =
        (AppendResult.Appended) store.append(Append.of(ACCOUNTS, id, ExpectedVersion.any(), ONE));

    assertThat(next.position().sequence()).isEqualTo(newest.sequence() + 1);
  }

  @Nested
  class WithATamperedCounter extends TamperedCounterContract {
    @Override
    protected RedisEventStore store() {
      return untouched;
    }
  }

  @Test
  void aStreamWithAnIdThatIsNoVersionIsNamedAndLeftAlone() {
    String key = tag + ":s:account:" + id;
    raw.command("XADD", key, "9007199254740993-0", "t", "x");

    assertThatThrownBy(() -> store.append(Append.of(ACCOUNTS, id, ExpectedVersion.any(), ONE)))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("nothing was written")
        .hasMessageContaining(key)
        .hasMessageContaining("9007199254740993");
    assertThat(raw.command("XLEN", key)).isEqualTo("1");
  }

  @Test
  void anAppendMayReachThousandsOfStreams() {
    Limits limits = Limits.defaults().withAppendEvents(10_000);
    try (var wide = RedisEventStore.to(redis.url()).limits(limits).open()) {
      var writes = new ArrayList<Append.StreamWrite>();
      for (int i = 0; i < 9_000; i++) {
        StreamId stream = ACCOUNTS.stream(id + "/" + i);
        EncodedEvent event = ACCOUNTS.codec().encode(stream, new Deposited(i));
        writes.add(new Append.StreamWrite(stream, ExpectedVersion.noStream(), List.of(event)));
      }
      var append = new Append(writes, "wide", Metadata.empty());

      assertThat(wide.append(append)).isInstanceOf(AppendResult.Appended.class);
      var repeat = (AppendResult.Appended) wide.append(append);
      assertThat(repeat.repeat()).isTrue();
      assertThat(repeat.versions()).hasSize(9_000);
      var conflict = (AppendResult.Conflict) wide.append(append.withCommandId("other"));
      assertThat(conflict.missed()).hasSize(9_000);
    }
  }

  @Test
  void aSearchForARepeatGoesBackInChunksAndStopsAtTheFirstHit() {
    var deep = Append.of(ACCOUNTS, id, ExpectedVersion.any(), ONE);
    store.append(deep);
    store.append(
        Append.of(ACCOUNTS, id, ExpectedVersion.any(), Collections.nCopies(40, ONE.getFirst())));
    var newest = Append.of(ACCOUNTS, id, ExpectedVersion.any(), ONE);
    store.append(newest);

    assertThat(searches(newest)).isEqualTo(1);
    assertThat(searches(deep)).isEqualTo(3);
  }

  /** How often it reads backwards, but for the end of the log. */
  private static int searches(Append repeat) {
    raw.command("CONFIG", "RESETSTAT");
    assertThat(((AppendResult.Appended) store.append(repeat)).repeat()).isTrue();
    return raw.calls("xrevrange") - 1;
  }

  @Test
  void aClosedStreamTakesNoMoreEventsButStillKnowsItsCommands() {
    var append = Append.of(ACCOUNTS, id, ExpectedVersion.noStream(), ONE);
    store.append(append);
    raw.command("XSETID", tag + ":s:account:" + id, "18446744073709551615-18446744073709551615");

    for (var expected : List.of(ExpectedVersion.exactly(1), ExpectedVersion.any())) {
      assertThat(store.append(Append.of(ACCOUNTS, id, expected, ONE)))
          .isEqualTo(new AppendResult.Refused(ACCOUNTS.stream(id), AppendResult.Reason.CLOSED));
    }
    assertThat(((AppendResult.Appended) store.append(append)).repeat()).isTrue();
  }

  @Test
  void aServerThatTakesNoWritesSaysSoItself() {
    raw.command("CONFIG", "SET", "min-replicas-to-write", "1");
    try {
      assertThatThrownBy(
              () -> store.append(Append.of(ACCOUNTS, id, ExpectedVersion.noStream(), ONE)))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("NOREPLICAS");
    } finally {
      raw.command("CONFIG", "SET", "min-replicas-to-write", "0");
    }
  }

  @Test
  void aKeyOfAnotherTypeIsNamedAndLeftAlone() {
    store
        .session()
        .redisson()
        .getBucket(tag + ":s:account:" + id, StringCodec.INSTANCE)
        .set("mine");

    assertThatThrownBy(() -> store.append(Append.of(ACCOUNTS, id, ExpectedVersion.noStream(), ONE)))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("WRONGTYPE");
    assertThat(
            store
                .session()
                .redisson()
                .getBucket(tag + ":s:account:" + id, StringCodec.INSTANCE)
                .get())
        .isEqualTo("mine");
  }

  @Test
  void scriptsThatTheServerForgotAreSentAgain() {
    store.append(Append.of(ACCOUNTS, id, ExpectedVersion.any(), ONE));
    store.session().redisson().getScript().scriptFlush();

    assertThat(store.append(Append.of(ACCOUNTS, id, ExpectedVersion.any(), ONE)))
        .isInstanceOf(AppendResult.Appended.class);
  }

  @Test
  void eachPartitionOwnsItsShareOfTheSlots() {
    for (int partitions : List.of(1, 3, 16, 64)) {
      var keys = new Keys("ns", partitions);
      for (int p = 0; p < partitions; p++) {
        String key = keys.log(p);
        int slot = Keys.slot(key.substring(1, key.indexOf('}')));
        assertThat(slot * partitions / 16_384).isEqualTo(p);
        assertThat(key).matches("\\{ns:%d/%d\\.\\d+}:log".formatted(p, partitions));
      }
    }
    assertThat(Keys.slot("123456789")).isEqualTo(0x31C3 % 16_384);
  }

  private static Map<String, Map<String, String>> entries(String key) {
    var entries = new LinkedHashMap<String, Map<String, String>>();
    AppendScriptTest.stream(key)
        .range(all())
        .forEach((id, fields) -> entries.put(id.toString(), fields));
    return entries;
  }

  private static StreamRangeArgs all() {
    return StreamRangeArgs.startId(StreamMessageId.MIN).endId(StreamMessageId.MAX);
  }

  private static RStream<String, String> stream(String key) {
    return store.session().redisson().getStream(key, StringCodec.INSTANCE);
  }
}
