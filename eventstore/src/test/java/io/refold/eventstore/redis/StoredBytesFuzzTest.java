package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Accounts.Account;
import io.refold.eventstore.Accounts.AccountDecider;
import io.refold.eventstore.Accounts.Command;
import io.refold.eventstore.Accounts.Deposit;
import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Event;
import io.refold.eventstore.Accounts.Open;
import io.refold.eventstore.Append;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.CommandRejectedException;
import io.refold.eventstore.EventStoreException;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Fuzz;
import io.refold.eventstore.SnapshotRule;
import io.refold.eventstore.StateCache;
import io.refold.eventstore.StateCodec;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.StreamMark;
import io.refold.eventstore.UniqueValues;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whatever lies in the server, calls succeed, or fail by what they are documented to throw. */
class StoredBytesFuzzTest {
  private static final List<String> TYPES =
      List.of("string", "list", "set", "zset", "hash", "stream");

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore store;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisSubjectKeys keys;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static CommandHandler<Command, Account, Event> accounts;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static UniqueValues values;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RawRedis raw;

  private static int cases;
  private static String subject = "";

  @BeforeAll
  static void open() {
    redis = EmbeddedRedis.start("appendonly yes", "appendfsync always");
    raw = new RawRedis(redis);
    store = RedisEventStore.to(redis.url()).partitions(1).open();
    keys = RedisSubjectKeys.to(redis.url()).cachedFor(Duration.ofNanos(1)).open();
    values = RedisUniqueValues.on(store, "name");
    accounts =
        CommandHandler.on(store, ACCOUNTS, new AccountDecider())
            .cache(StateCache.off())
            .snapshots(StateCodec.json(Account.class), SnapshotRule.every(2))
            .build();
  }

  @AfterAll
  static void close() {
    keys.close();
    store.close();
    raw.close();
    redis.close();
  }

  @Test
  void callsSucceedOrFailAsTheySay() throws Exception {
    int connections = 0;
    int threads = 0;
    for (int round = 0; round < 2; round++) {
      Fuzz.run(0.1, StoredBytesFuzzTest::damagedStore);
      if (round == 0) {
        connections = connections();
        threads = Thread.activeCount();
      }
    }
    assertThat(connections()).isLessThanOrEqualTo(connections + 2);
    assertThat(Thread.activeCount()).isLessThanOrEqualTo(threads + 4);
  }

  private static int connections() {
    return String.valueOf(raw.command("CLIENT", "LIST")).split("\n", -1).length;
  }

  private static void damagedStore(Fuzz fuzz) {
    raw.command("FLUSHDB");
    raw.command("HSET", Keys.meta("refold"), "layout", "1", "partitions", "1", "created", "1");
    StreamId alice = ACCOUNTS.stream("alice");
    accounts.handle("alice", new Open("Alice"));
    accounts.handle("alice", new Deposit(1));
    accounts.handle("alice", new Deposit(2));
    subject = "subject-" + ++cases; // what was noted once is not noted again
    keys.forWriting(subject, alice);
    keys.forSealing(alice);
    values.reserve("x", alice, "c", Duration.ofMinutes(1));
    var found = new ArrayList<String>();
    raw.list("KEYS", "*").forEach(key -> found.add(String.valueOf(key)));
    for (int i = 1 + fuzz.upTo(2); i > 0; i--) {
      damage(fuzz, fuzz.pick(found));
    }
    for (int i = 0; i < 4; i++) {
      succeedsOrFails(fuzz, alice);
    }
  }

  private static void succeedsOrFails(Fuzz fuzz, StreamId stream) {
    int call = fuzz.upTo(15);
    try {
      call(call, fuzz, stream);
    } catch (CommandRejectedException decided) {
      assertThat(call).isEqualTo(9); // the account is not open any more
    } catch (EventStoreException documented) {
      assertThat(documented).hasMessageMatching("(?s).{20,}");
    } catch (IllegalArgumentException misuse) {
      assertThat(misuse).hasMessageContaining("command id"); // it stands there from another append
    }
  }

  private static void call(int call, Fuzz fuzz, StreamId stream) {
    switch (call) {
      case 0 -> store.read(stream, 0, 10);
      case 1 -> store.readLog(0, 0, fuzz.oneIn(2) ? 10 : 100);
      case 2 -> store.fetch(store.readLog(0, 0, 10), category -> true);
      case 3 -> store.head(0);
      case 4 -> store.append(append(ExpectedVersion.any()));
      case 5 -> store.append(append(ExpectedVersion.exactly(fuzz.upTo(4))));
      case 6 -> store.mark(stream, new StreamMark.Closed(), ExpectedVersion.any(), "m");
      case 7 -> store.mark(stream, new StreamMark.Deleted(), ExpectedVersion.any(), "m");
      case 8 -> accounts.load("alice");
      case 9 -> accounts.handle("alice", new Deposit(1));
      case 10 -> keys.forWriting(subject, stream);
      case 11 -> keys.forReading(subject);
      case 12 -> keys.forget(subject);
      case 13 -> keys.forOpening(stream);
      default -> {
        values.find("x");
        values.reserve(
            "x",
            new StreamId("account", fuzz.oneIn(2) ? "alice" : "bob"),
            "c2",
            Duration.ofMinutes(1));
      }
    }
  }

  private static Append append(ExpectedVersion expected) {
    return Append.of(ACCOUNTS, "alice", expected, List.of(new Deposited(1)));
  }

  // Overwrites a key by something else, or changes a part of it.
  private static void damage(Fuzz fuzz, String key) {
    if (fuzz.oneIn(4)) {
      raw.command("DEL", key);
      overwrite(key, fuzz.pick(TYPES), fuzz.hostile());
      return;
    }
    switch (String.valueOf(raw.command("TYPE", key))) {
      case "hash" -> {
        String field = String.valueOf(fuzz.pick(raw.list("HKEYS", key)));
        if (fuzz.oneIn(3)) {
          raw.command("HDEL", key, field);
        } else {
          raw.command("HSET", key, field, fuzz.hostile());
        }
      }
      case "stream" -> {
        String id = fuzz.oneIn(2) ? String.valueOf(1 + fuzz.upTo(4)) : "18446744073709551614";
        var words = new ArrayList<>(List.of("XADD", key, id + "-" + fuzz.upTo(2)));
        for (String field : List.of("t", "d", "c", "p", "m", "w", fuzz.hostile())) {
          if (!fuzz.oneIn(4)) {
            words.add(field);
            words.add(
                fuzz.oneIn(2) ? fuzz.hostile() : fuzz.pick(List.of("deposited", "{}", "1-1")));
          }
        }
        List<?> entries = raw.list("XRANGE", key, "-", "+");
        raw.command("DEL", key);
        for (Object entry : entries) {
          if (!fuzz.oneIn(3)) {
            var parts = (List<?>) entry;
            var again = new ArrayList<>(List.of("XADD", key, String.valueOf(parts.get(0))));
            for (Object part : (List<?>) requireNonNull(parts.get(1))) {
              again.add(fuzz.oneIn(12) ? fuzz.hostile() : String.valueOf(part));
            }
            raw.command(again.toArray(new String[0]));
          }
        }
        raw.command(words.toArray(new String[0]));
      }
      default -> overwrite(key, "string", fuzz.hostile());
    }
  }

  private static void overwrite(String key, String type, String content) {
    switch (type) {
      case "string" -> raw.command("SET", key, content);
      case "list" -> raw.command("RPUSH", key, content);
      case "set" -> raw.command("SADD", key, content);
      case "zset" -> raw.command("ZADD", key, "1", content);
      case "hash" -> raw.command("HSET", key, content, content);
      default -> raw.command("XADD", key, "5-5", content, content);
    }
  }
}
