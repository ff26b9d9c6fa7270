package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.StoreRefusedException;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.StreamMark;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A writer that lacks a permission writes nothing, and goes on when it is granted. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MissingPermissionTest {
  private static final ExpectedVersion ANY = ExpectedVersion.any();
  private static final StreamId OPEN = ACCOUNTS.stream("open");
  private static final StreamId CLOSED = ACCOUNTS.stream("closed");
  private static final List<StreamMark> MARKS =
      List.of(new StreamMark.Forgotten("me"), new StreamMark.Closed(), new StreamMark.Deleted());

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RawRedis raw;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisEventStore store;

  @BeforeAll
  static void start() {
    redis = EmbeddedRedis.start();
    raw = new RawRedis(redis);
  }

  @AfterAll
  static void stop() {
    raw.close();
    redis.close();
  }

  @BeforeEach
  void open() throws IOException {
    raw.command("FLUSHALL");
    RedisEventStore.to(redis.url()).partitions(1).open().close();
    AclRolesTest.grant(raw, "refold-writer");
    store =
        RedisEventStore.connect("redis://refold-writer:WRITER-PASSWORD@127.0.0.1:" + redis.port());
  }

  @AfterEach
  void close() {
    store.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"hset", "xadd", "xlen", "hmget", "time", "exists", "xinfo"})
  void anAppendWritesAllOrNothing(String command) {
    refusedOrDone(command, some -> append(some, "first", ANY));
    append(store, "known", ExpectedVersion.noStream());
    refusedOrDone(command, some -> append(some, "known", ExpectedVersion.exactly(1)));
    refusedOrDone(command, some -> append(some, "known", ANY));
    refusedOrDone(command, some -> append(some, "new", ExpectedVersion.noStream()));
    refusedOrDone(
        command,
        some ->
            some.append(
                appendTo("both/a", ANY).and(ACCOUNTS, "both/b", ANY, List.of(new Deposited(1)))));

    LongStream.range(1, 4).forEach(version -> goOn("known", version));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hset", "xadd", "xlen", "hmget", "time", "exists", "xinfo", "xsetid", "xtrim", "del"
      })
  void aMarkIsWrittenWholeOrNotAtAll(String command) {
    append(store, OPEN.id(), ANY);
    append(store, CLOSED.id(), ANY);
    store.mark(CLOSED, new StreamMark.Closed(), ANY, "close");
    for (StreamId stream : List.of(CLOSED, OPEN, ACCOUNTS.stream("none"))) {
      for (StreamMark mark : MARKS) {
        refusedOrDone(command, some -> some.mark(stream, mark, ANY, "m-" + mark));
      }
    }

    goOn("another", 0);
  }

  private static AppendResult append(EventStore some, String id, ExpectedVersion expected) {
    return some.append(appendTo(id, expected));
  }

  private static Append appendTo(String id, ExpectedVersion expected) {
    return Append.of(ACCOUNTS, id, expected, List.of(new Deposited(1)));
  }

  /** Writes without a permission, and, if that was refused, with it. */
  private void refusedOrDone(String command, Function<EventStore, AppendResult> write) {
    String before = entries();
    raw.command("ACL", "SETUSER", "refold-writer", "-" + command);
    boolean refused = false;
    try {
      var unused = write.apply(store);
    } catch (StoreRefusedException missing) {
      refused = true;
    }
    String after = entries();
    raw.command("ACL", "SETUSER", "refold-writer", "+" + command);
    if (refused) {
      assertThat(after).isEqualTo(before);
      assertThat(write.apply(store)).isNotInstanceOf(AppendResult.Conflict.class);
    }
    assertLogIsGapless();
  }

  private static String entries() {
    var entries = new StringBuilder();
    for (String key : raw.list("KEYS", "{*").stream().map(String::valueOf).sorted().toList()) {
      if ("stream".equals(raw.command("TYPE", key))) {
        entries.append(key).append(raw.command("XRANGE", key, "-", "+"));
        entries.append(raw.command("XINFO", "STREAM", key));
      }
    }
    return entries.toString();
  }

  private void goOn(String id, long version) {
    append(store, id, ANY);
    assertLogIsGapless();
    assertThat(store.read(ACCOUNTS.stream(id), version, 1)).hasSize(1);
  }

  private void assertLogIsGapless() {
    List<LogEntry> log = store.readLog(0, 0, 100);
    assertThat(log)
        .extracting(entry -> entry.position().sequence())
        .containsExactlyElementsOf(LongStream.rangeClosed(1, log.size()).boxed().toList());
    assertThat(store.head(0).position().sequence()).isEqualTo(log.size());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aWriterThatMayNotCountIsToldSoAndWritesNothing(boolean first) {
    if (!first) {
      append(store, "a", ANY);
    }
    raw.command("ACL", "SETUSER", "refold-writer", "-hset");
    for (ExpectedVersion expected : List.of(ANY, ExpectedVersion.exactly(first ? 0 : 1))) {
      assertThatThrownBy(() -> append(store, "a", expected))
          .isInstanceOf(StoreRefusedException.class);
    }
    assertThat(store.read(ACCOUNTS.stream("a"), 0, 10)).hasSize(first ? 0 : 1);
    assertThat(store.readLog(0, 0, 10)).hasSize(first ? 0 : 1);

    raw.command("ACL", "SETUSER", "refold-writer", "+hset");
    goOn("a", first ? 0 : 1);
  }
}
