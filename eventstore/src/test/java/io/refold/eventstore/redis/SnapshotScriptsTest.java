package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Append;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.SnapshotStore.Loading;
import io.refold.eventstore.SnapshotStore.Snapshot;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code load.lua} and {@code snapshot.lua} against what may lie in Redis. */
class SnapshotScriptsTest {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore store;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RawRedis raw;

  private final String id = UUID.randomUUID().toString();
  private final StreamId stream = ACCOUNTS.stream(id);
  private final String key =
      store.session().partitionTag(store.partitionOf(stream)) + ":snap:account:" + id;

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

  @BeforeEach
  void fiveEventsAndASnapshotOfThree() {
    for (int i = 1; i <= 5; i++) {
      store.append(Append.of(ACCOUNTS, id, ExpectedVersion.any(), List.of(new Deposited(i))));
    }
    assertThat(save(3)).isTrue();
  }

  private boolean save(long version) {
    var position = store.read(stream, version - 1, 1).getFirst().position();
    var snapshot =
        new Snapshot(version, position, "f", "state".getBytes(UTF_8), "ids".getBytes(UTF_8));
    return store.snapshots().save(stream, snapshot).toCompletableFuture().join();
  }

  private Loading load() {
    return store.snapshots().load(stream, "f", 100);
  }

  @Test
  void aSnapshotLiesWhereTheLayoutSays() {
    String position = store.read(stream, 2, 1).getFirst().position().logId();

    assertThat(raw.command("HMGET", key, "v", "p", "f", "s", "c"))
        .isEqualTo(List.of("3", position, "f", "state", "ids"));
    assertThat(raw.command("HLEN", key)).isEqualTo("5");
    assertThat(load().events()).hasSize(3);
  }

  @ParameterizedTest
  @CsvSource({"v", "p", "f", "s", "c"})
  void aSnapshotWithoutOneOfItsFieldsIsDamagedAndReplaced(String field) {
    raw.command("HDEL", key, field);

    assertThat(load().snapshot()).isNull();
    assertThat(load().ignored()).contains("damaged");
    assertThat(load().events()).hasSize(5);
    assertThat(save(4)).isTrue();
    assertThat(load().snapshot()).isNotNull();
  }

  @ParameterizedTest
  @CsvSource({
    "v,7",
    "v,-1",
    "v,x",
    "v,99999999999999999999",
    "v,2.5",
    "v,2",
    "p,1-1",
    "p,nonsense"
  })
  void aSnapshotThatDoesNotFitItsStreamIsIgnoredAndReplaced(String field, String value) {
    raw.command("HSET", key, field, value);

    assertThat(load().snapshot()).isNull();
    assertThat(load().ignored()).isNotEmpty();
    assertThat(load().events()).hasSize(5);
    assertThat(save(4)).isTrue();
    assertThat(load().snapshot()).isNotNull();
  }
}
