package io.refold.eventstore.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.StoreRefusedException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a server says instead of executing a call reaches the caller: with what was asked for, with
 * what is known of what was written, and with the way out.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ServerErrorsTest {
  private static final StreamId STREAM = new StreamId("note", "a");

  private final EmbeddedRedis redis =
      EmbeddedRedis.start("enable-protected-configs yes", "save 3600 1");
  private final RedisEventStore store = RedisEventStore.connect(redis.url());
  private final RawRedis raw = new RawRedis(redis);

  @AfterEach
  void close() {
    raw.close();
    store.close();
    redis.close();
  }

  private void append() {
    DoctorFixture.append(store, "a", 0);
  }

  private void command(String... words) {
    assertThat(raw.command(words)).asString().doesNotStartWith("-");
  }

  private AbstractThrowableAssert<?, ?> assertThatTheAppendFails() {
    return assertThatThrownBy(this::append)
        .hasMessageContaining("the append to note:a")
        .hasMessageNotContainingAny("lua", "channel", "script:");
  }

  @Test
  void aFullServerIsNamedWithItsRemedy() {
    command("CONFIG", "SET", "maxmemory", "1");
    assertThatTheAppendFails()
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("and wrote nothing: OOM command not allowed")
        .hasMessageContaining("raise maxmemory");
    command("CONFIG", "SET", "maxmemory", "0");
    assertThat(store.read(STREAM, 0, 10)).isEmpty();
    append();
    assertThat(store.read(STREAM, 0, 10)).hasSize(1);
  }

  @Test
  void aServerWhoseDiskFailsIsNamedWithItsRemedy(@TempDir Path parent) throws IOException {
    Path data = Files.createDirectory(parent.resolve("data"));
    command("CONFIG", "SET", "dir", data.toString());
    Files.delete(data);
    command("BGSAVE");
    DoctorFixture.await(
        () -> DoctorFixture.info(raw, "persistence").contains("rdb_last_bgsave_status:err"));
    assertThatTheAppendFails()
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("and wrote nothing: MISCONF")
        .hasMessageContaining("make room on its disk");
    assertThat(store.read(STREAM, 0, 10)).isEmpty();
  }

  @Test
  void aReplicaIsNamedWithItsRemedy() {
    command("REPLICAOF", "127.0.0.1", "1");
    assertThatTheAppendFails()
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("and wrote nothing: READONLY")
        .hasMessageContaining("connect to the master");
    assertThat(store.read(STREAM, 0, 10)).isEmpty();
  }

  @Test
  void tooFewReplicasAreNamedWithTheirRemedy() {
    command("CONFIG", "SET", "min-replicas-to-write", "1");
    assertThatTheAppendFails()
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("and wrote nothing: NOREPLICAS")
        .hasMessageContaining("bring them back");
    assertThat(store.read(STREAM, 0, 10)).isEmpty();
  }

  @Test
  void aMissingPermissionIsNamedWithItsRemedy() {
    command("ACL", "SETUSER", "default", "-xadd");
    assertThatTheAppendFails()
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageContaining("ACL LOG on the server names what is missing");
  }

  @Test
  void aReadNamesWhatWasToBeRead() {
    command("ACL", "SETUSER", "default", "-xrange");
    assertThatThrownBy(() -> store.read(STREAM, 0, 10))
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageContaining("Redis refuses the read of note:a");
  }

  @Test
  void aScriptThatStopsIsRefusedAndItsReasonNamed() {
    var stops = new RedisScript("stops", "assert(false, 'a word is missing')", "7".repeat(40));
    assertThatThrownBy(() -> store.session().eval(stops, List.of(store.session().logKey(0))))
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageContainingAll("a word is missing", "the script has stopped before it wrote");
  }
}
