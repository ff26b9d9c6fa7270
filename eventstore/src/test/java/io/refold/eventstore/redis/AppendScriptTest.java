package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static io.refold.eventstore.Accounts.SAVINGS;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Event;
import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Metadata;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.redisson.api.RMap;
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

  private final String id = UUID.randomUUID().toString();
  private final int partition = store.partitionOf(ACCOUNTS.stream(id));
  private final String tag = store.session().partitionTag(partition);

  @BeforeAll
  static void open() {
    redis = EmbeddedRedis.start();
    store = RedisEventStore.connect(redis.url());
  }

  @AfterAll
  static void close() {
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

  @Test
  void whereTheCounterIsGoneNothingIsWritten() {
    store.append(Append.of(ACCOUNTS, id, ExpectedVersion.any(), ONE));
    store.append(Append.of(ACCOUNTS, id, ExpectedVersion.any(), ONE));
    RMap<String, String> count =
        store.session().redisson().getMap(tag + ":count", StringCodec.INSTANCE);
    Map<String, String> before = count.readAllMap();
    count.delete();
    for (var append :
        List.of(
            Append.of(ACCOUNTS, id, ExpectedVersion.exactly(2), ONE),
            Append.of(ACCOUNTS, id + "/new", ExpectedVersion.noStream(), ONE),
            Append.of(ACCOUNTS, id, ExpectedVersion.any(), ONE)
                .and(SAVINGS, id, ExpectedVersion.noStream(), ONE))) {
      assertThatThrownBy(() -> store.append(append))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("nothing was written")
          .hasMessageContaining("account:" + id);
    }
    count.putAll(before);

    assertThat(entries(tag + ":s:account:" + id)).containsOnlyKeys("1-0", "2-0");
    assertThat(stream(tag + ":s:account:" + id + "/new").isExists()).isFalse();
    assertThat(stream(tag + ":s:savings:" + id).isExists()).isFalse();
    assertThat(store.append(Append.of(ACCOUNTS, id, ExpectedVersion.exactly(2), ONE)))
        .as("the version undone is free again")
        .isInstanceOf(AppendResult.Appended.class);
  }

  @Test
  void aClosedStreamTakesNoMoreEventsButStillKnowsItsCommands() {
    var append = Append.of(ACCOUNTS, id, ExpectedVersion.noStream(), ONE);
    store.append(append);
    command("XSETID", tag + ":s:account:" + id, "18446744073709551615-18446744073709551615");

    for (var expected : List.of(ExpectedVersion.exactly(1), ExpectedVersion.any())) {
      assertThat(store.append(Append.of(ACCOUNTS, id, expected, ONE)))
          .isEqualTo(new AppendResult.Refused(ACCOUNTS.stream(id), AppendResult.Reason.CLOSED));
    }
    assertThat(((AppendResult.Appended) store.append(append)).repeat()).isTrue();
  }

  @Test
  void aServerThatTakesNoWritesSaysSoItself() {
    command("CONFIG", "SET", "min-replicas-to-write", "1");
    try {
      assertThatThrownBy(
              () -> store.append(Append.of(ACCOUNTS, id, ExpectedVersion.noStream(), ONE)))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("NOREPLICAS");
    } finally {
      command("CONFIG", "SET", "min-replicas-to-write", "0");
    }
  }

  private static void command(String... words) {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), redis.port())) {
      socket.getOutputStream().write((String.join(" ", words) + "\r\n").getBytes(US_ASCII));
      String reply =
          new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII)).readLine();
      assertThat(reply).isEqualTo("+OK");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
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

    assertThat(store.append(Append.of(ACCOUNTS, id, ExpectedVersion.exactly(1), ONE)))
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
