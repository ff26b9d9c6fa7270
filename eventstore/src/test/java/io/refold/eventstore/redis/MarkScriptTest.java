package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Opened;
import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Metadata;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.StreamMark;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What {@code mark.lua} leaves in Redis: the bytes that docs/redis-layout.md promises. */
class MarkScriptTest {
  private static final ExpectedVersion ANY = ExpectedVersion.any();
  private static final String GREATEST = "18446744073709551615-18446744073709551615";

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore store;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RawRedis raw;

  private final String id = UUID.randomUUID().toString();
  private final StreamId stream = ACCOUNTS.stream(id);
  private final String tag = store.session().partitionTag(store.partitionOf(stream));
  private final String key = tag + ":s:account:" + id;

  @BeforeAll
  static void open() {
    redis = EmbeddedRedis.start();
    store = RedisEventStore.connect(redis.url());
    raw = new RawRedis(redis);
  }

  @AfterAll
  static void close() {
    raw.close();
    store.close();
    redis.close();
  }

  private void append(int events) {
    for (int i = 0; i < events; i++) {
      store.append(Append.of(ACCOUNTS, id, ANY, List.of(new Deposited(i))));
    }
  }

  private String lastId() {
    var info = raw.list("XINFO", "STREAM", key);
    return (String) info.get(info.indexOf("last-generated-id") + 1);
  }

  private List<?> entries() {
    return raw.list("XRANGE", key, "-", "+");
  }

  private List<?> log() {
    return raw.list("XREVRANGE", tag + ":log", "+", "-", "COUNT", "1");
  }

  @Test
  void aMarkIsAnEntryLikeAnEvents() {
    append(2);
    store.mark(stream, new StreamMark.Forgotten("käthe"), ANY, "forget-käthe");

    String logged = store.head(store.partitionOf(stream)).position().logId();
    assertThat(raw.command("XRANGE", key, "3-0", "+"))
        .isEqualTo(
            List.of(
                List.of(
                    "3-0",
                    List.of(
                        "t",
                        "$forgotten",
                        "d",
                        "{\"subject\":\"käthe\"}",
                        "c",
                        "forget-käthe",
                        "p",
                        logged))));
    assertThat(log()).isEqualTo(List.of(List.of(logged, List.of("w", "3 1 account:" + id))));
    assertThat(lastId()).isEqualTo("3-0");
  }

  @Test
  void aStreamThatEndsHasTheGreatestIdThereIs() {
    append(2);
    store.close(stream, ANY);
    assertThat(lastId()).isEqualTo(GREATEST);
    assertThat(raw.command("XLEN", key)).isEqualTo("3");

    store.mark(stream, new StreamMark.Forgotten("käthe"), ANY, "forget");
    assertThat(lastId()).isEqualTo(GREATEST);
    assertThat(raw.command("XLEN", key)).isEqualTo("4");

    store.delete(stream, ANY);
    assertThat(lastId()).isEqualTo(GREATEST);
    assertThat(raw.command("XLEN", key)).isEqualTo("1");
    assertThat(raw.command("XADD", key, "*", "t", "x")).asString().startsWith("-ERR");
  }

  @Test
  void eventsAndAppendsAreCounted() {
    String count = tag + ":count";
    append(1);
    var before = raw.list("HMGET", count, "appends", "events");

    store.close(stream, ANY);

    var after = raw.list("HMGET", count, "appends", "events");
    for (int i = 0; i < 2; i++) {
      assertThat(Long.parseLong((String) after.get(i)))
          .isEqualTo(Long.parseLong((String) before.get(i)) + 1);
    }
  }

  @Test
  void deletingTakesTheSnapshotAlong() {
    append(1);
    String snapshot = tag + ":snap:account:" + id;
    raw.command("HSET", snapshot, "v", "1");

    store.delete(stream, ANY);

    assertThat(raw.command("EXISTS", snapshot)).isEqualTo("0");
  }

  @Test
  void whereTheServerTakesNoWritesNothingIsLeft() {
    append(2);
    store.close(stream, ANY);
    List<?> entries = entries();
    List<?> log = log();
    raw.command("CONFIG", "SET", "min-replicas-to-write", "1");
    try {
      assertThatThrownBy(() -> store.delete(stream, ANY))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("NOREPLICAS");
    } finally {
      raw.command("CONFIG", "SET", "min-replicas-to-write", "0");
    }
    assertThat(entries()).isEqualTo(entries);
    assertThat(log()).isEqualTo(log);
    assertThat(lastId()).isEqualTo(GREATEST);
  }

  @Test
  void whatEndsAStreamLooksForNoRepeat() {
    append(20);
    raw.command("CONFIG", "RESETSTAT");

    store.close(stream, ANY);

    assertThat(raw.calls("xrevrange")).isZero();
  }

  @Test
  void theMissedEventsOfAConflictAreBoundedInBytes() {
    var large = List.of(new Opened("x".repeat(500_000)));
    for (int i = 0; i < 40; i++) {
      store.append(Append.of(ACCOUNTS, id, ANY, large));
    }

    var conflict =
        (AppendResult.Conflict)
            store.append(Append.of(ACCOUNTS, id, ExpectedVersion.noStream(), large));

    assertThat(conflict.missed().getFirst().version()).isEqualTo(40);
    assertThat(conflict.missed().getFirst().events()).hasSize(3);
  }

  @Test
  void theMissedEventsOfAllStreamsShareOneMiB() {
    var large = List.of(new Opened("x".repeat(400_000)), new Opened("x".repeat(400_000)));
    for (int i = 0; i < 5; i++) {
      store.append(Append.of(ACCOUNTS, id + "/" + i, ANY, large));
    }
    ExpectedVersion none = ExpectedVersion.noStream();
    var late = Append.of(ACCOUNTS, id + "/0", none, large);
    for (int i = 1; i < 5; i++) {
      late = late.and(ACCOUNTS, id + "/" + i, none, List.of(new Opened("late")));
    }

    var conflict = (AppendResult.Conflict) store.append(late);

    assertThat(conflict.missed())
        .extracting(AppendResult.Missed::version)
        .containsExactly(2L, 2L, 2L, 2L, 2L);
    assertThat(conflict.missed())
        .extracting(missed -> missed.events().size())
        .containsExactly(2, 1, 0, 0, 0);
  }

  @Test
  void theMetadataOfMissedEventsCounts() {
    var metadata = Metadata.empty();
    for (int i = 0; i < 32; i++) {
      metadata = metadata.with("name" + i, "x".repeat(1_024));
    }
    var small = Collections.nCopies(100, new Deposited(1));
    store.append(Append.of(ACCOUNTS, id, ANY, small).withMetadata(metadata));

    var late = Append.of(ACCOUNTS, id, ExpectedVersion.noStream(), small);
    var conflict = (AppendResult.Conflict) store.append(late);

    assertThat(conflict.missed().getFirst().version()).isEqualTo(100);
    assertThat(conflict.missed().getFirst().events()).hasSizeBetween(30, 33);
  }
}
