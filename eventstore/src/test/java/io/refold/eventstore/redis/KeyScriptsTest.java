package io.refold.eventstore.redis;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.StreamId;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The scripts of keys: what they answer, what they leave, and that waiting ones always write. */
@SuppressWarnings("NullAway.Init") // opened before the first test
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KeyScriptsTest {
  private static final String SUBJECT = "{refold-keys:alice}:subject";
  private static final String STREAMS = "{refold-keys:alice}:streams";
  private static final String SEAL = "{refold-keys:person:alice}:seal";

  private static EmbeddedRedis redis;
  private static RedisSubjectKeys keys;
  private static RawRedis raw;

  @BeforeAll
  static void open() {
    redis = EmbeddedRedis.start("appendonly yes", "appendfsync always");
    keys = RedisSubjectKeys.connect(redis.url());
    raw = new RawRedis(redis);
  }

  @AfterAll
  static void close() {
    raw.close();
    keys.close();
    redis.close();
  }

  @BeforeEach
  void empty() {
    raw.command("FLUSHALL");
  }

  /** Returns texts, lists, and null. */
  private static List<?> run(String script, List<String> names, Object... args) {
    var loaded = RedisScript.load(RedisSubjectKeys.class, script);
    Object reply = keys.session().eval(loaded, names, args);
    return (List<?>) Objects.requireNonNull(readable(reply));
  }

  private static @Nullable Object readable(@Nullable Object reply) {
    return switch (reply) {
      case null -> null;
      case byte[] text -> new String(text, UTF_8);
      case List<?> list -> {
        var readable = new ArrayList<@Nullable Object>();
        list.forEach(item -> readable.add(readable(item)));
        yield readable;
      }
      default -> reply;
    };
  }

  private static List<?> subject(String script, Object... args) {
    return run(script, List.of(SUBJECT, STREAMS), args);
  }

  /** Returns how many bytes the server has written to its file. */
  private static long written() {
    return String.valueOf(raw.command("INFO", "persistence"))
        .lines()
        .filter(line -> line.startsWith("aof_current_size:"))
        .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1)))
        .sum();
  }

  @Test
  void aKeyLiesInAHashAndItsUsesInASetOfTheSameSlot() {
    byte[] key = keys.forWriting("alice", new StreamId("person", "alice")).getEncoded();
    keys.forWriting("alice", new StreamId("order", "7"));
    byte[] seal = keys.forSealing(new StreamId("person", "alice")).getEncoded();

    assertThat(raw.list("KEYS", "*"))
        .extracting(Object::toString)
        .containsExactlyInAnyOrder(SUBJECT, STREAMS, SEAL);
    assertThat(raw.command("HGET", SUBJECT, "key")).isEqualTo(new String(key, UTF_8));
    assertThat(raw.command("GET", SEAL)).isEqualTo(new String(seal, UTF_8));
    assertThat(raw.list("SMEMBERS", STREAMS))
        .extracting(Object::toString)
        .containsExactlyInAnyOrder("person:alice", "order:7");
    assertThat(raw.command("CLUSTER", "KEYSLOT", SUBJECT))
        .isEqualTo(raw.command("CLUSTER", "KEYSLOT", STREAMS));
  }

  @Test
  void theFirstKeyStays() {
    assertThat(subject("key_write.lua", "one", "a:1").toString()).isEqualTo("[key, one]");
    assertThat(subject("key_write.lua", "two", "a:2").toString()).isEqualTo("[key, one]");
    assertThat(subject("key_read.lua").toString()).isEqualTo("[one, null]");
    assertThat(run("key_seal.lua", List.of(SEAL), "").toString()).isEqualTo("[null]");
    assertThat(run("key_seal.lua", List.of(SEAL), "one").toString()).isEqualTo("[one]");
    assertThat(run("key_seal.lua", List.of(SEAL), "two").toString()).isEqualTo("[one]");
    assertThat(run("key_seal.lua", List.of(SEAL), "").toString()).isEqualTo("[one]");
  }

  @Test
  void aTombstoneHasTheTimeAndNothingOfTheKey() {
    subject("key_write.lua", "one", "a:1");

    List<?> first = subject("key_forget.lua");

    String time = String.valueOf(first.getFirst());
    assertThat(time).matches("\\d{16}");
    assertThat(first.get(1)).isEqualTo(List.of("a:1"));
    assertThat(raw.list("HGETALL", SUBJECT).toString())
        .isEqualTo("[forgotten, %s]".formatted(time));
    assertThat(subject("key_forget.lua")).isEqualTo(first);
    assertThat(subject("key_read.lua").toString()).isEqualTo("[null, %s]".formatted(time));
    assertThat(subject("key_write.lua", "two", "a:2").toString())
        .isEqualTo("[forgotten, %s]".formatted(time));
    assertThat(raw.command("SCARD", STREAMS)).isEqualTo("1");
  }

  @Test
  void aKeyThatIsMissingBesideItsUsesIsNotMadeAnew() {
    subject("key_write.lua", "one", "a:1");
    raw.command("DEL", SUBJECT);

    assertThat(subject("key_write.lua", "two", "a:1").toString()).isEqualTo("[lost]");

    assertThat(raw.command("EXISTS", SUBJECT)).isEqualTo("0");
  }

  @Test
  void whoWaitsForTheDiskHasWrittenEvenIfNothingIsNew() {
    List<Runnable> repeats =
        List.of(
            () -> subject("key_write.lua", "one", "a:1"),
            () -> subject("key_forget.lua"),
            () -> run("key_discard.lua", List.of(SEAL)));
    for (Runnable repeat : repeats) {
      repeat.run();
      long before = written();
      repeat.run();
      assertThat(written()).isGreaterThan(before);
    }
    assertThat(raw.command("EXISTS", SEAL)).isEqualTo("0");
  }
}
