package io.refold.eventstore.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Append;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Forgetting;
import io.refold.eventstore.People;
import io.refold.eventstore.People.Note;
import io.refold.eventstore.People.Noted;
import io.refold.eventstore.People.Person;
import io.refold.eventstore.People.Register;
import io.refold.eventstore.People.Registered;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.StateCodec;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.crypto.SecretKey;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.api.RScript;
import org.redisson.api.RedissonClient;

/** What lies on the two servers, byte by byte: in memory, and in their files. */
@Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PersonalDataAtRestTest {
  private static final StreamId ALICE = new StreamId("person", "alice");
  private static final String DUMP =
      """
      local dump, read = {}, {hash = 'HGETALL', set = 'SMEMBERS', string = 'GET'}
      local add
      add = function(value)
        if type(value) ~= 'table' then dump[#dump + 1] = value return end
        for _, part in ipairs(value) do add(part) end
      end
      for _, key in ipairs(redis.call('KEYS', '*')) do
        local is = redis.call('TYPE', key).ok
        add(key)
        add(is == 'stream' and redis.call('XRANGE', key, '-', '+') or redis.call(read[is], key))
      end
      return dump
      """;

  private final EmbeddedRedis eventServer = EmbeddedRedis.start("appendonly yes");
  private final EmbeddedRedis keyServer =
      EmbeddedRedis.start("appendonly yes", "appendfsync always");
  private final RedisEventStore store = RedisEventStore.connect(eventServer.url());
  private final RedisSubjectKeys keys = RedisSubjectKeys.connect(keyServer.url());

  @AfterEach
  void close() {
    keys.close();
    store.close();
    keyServer.close();
    eventServer.close();
  }

  @Test
  void clearTextIsNeverOnTheEventServerNeitherInMemoryNorInItsFiles() throws IOException {
    var people = People.handler(store, keys);
    people.handle("alice", new Register("Alice Clearwater", 19790503, "Wonderland"));
    people.handle("alice", new Note("agent-7", "prefers clear language"));
    untilSnapshotOf(2);

    assertThat(memory(store.session().redisson()) + files(eventServer))
        .as("the scan sees what is not marked, snapshots, and logs")
        .contains("Wonderland", "agent-7", ":snap:person:alice", "1 1 person:alice")
        .as("and nothing that is")
        .doesNotContain("Clearwater", "19790503", "clear language");

    Forgetting.on(store, keys).forget("alice");
    Forgetting.on(store, keys).forget("agent-7");
    people.handle("alice", new Note("agent-8", "has clear ideas"));
    untilSnapshotOf(5);

    assertThat(people.load("alice").state())
        .isEqualTo(new Person("[forgotten]", 0, List.of("[gone]", "has clear ideas")));
    assertThat(memory(store.session().redisson()) + files(eventServer))
        .contains("agent-8")
        .doesNotContain("Clearwater", "19790503", "clear language", "clear ideas");
  }

  @Test
  void destroyedKeysAreNotInTheMemoryOfTheirServerAndNotInItsFilesOnceTheyAreRewritten()
      throws IOException {
    var people = People.handler(store, keys);
    people.handle("alice", new Register("Alice Clearwater", 19790503, "Wonderland"));
    untilSnapshotOf(1);
    String key = text(keys.forReading("alice").orElseThrow());
    String seal = text(keys.forOpening(ALICE).orElseThrow());
    assertThat(memory(keys.session().redisson())).contains(key, seal);
    assertThat(files(keyServer)).contains(key, seal);

    Forgetting.on(store, keys).forget("alice");

    assertThat(memory(keys.session().redisson()))
        .contains("alice", "forgotten")
        .doesNotContain(key, seal);
    rewriteFiles(keyServer);
    assertThat(files(keyServer)).contains("alice").doesNotContain(key, seal);
  }

  @Test
  void whatWasJustWrittenCanBeReadAfterTheKeyServerHasCrashed() {
    var registered = new Registered("Alice", 1979, "de");
    var noted = new Noted("agent-7", "kind");
    store.append(
        Append.of(
            People.people(keys), "alice", ExpectedVersion.noStream(), List.of(registered, noted)));

    keyServer.crashAndRestart();

    try (var restarted = RedisSubjectKeys.connect(keyServer.url())) {
      assertThat(store.read(People.people(restarted), "alice", 0, 10).events())
          .extracting(Recorded::event)
          .containsExactly(registered, noted);
      assertThat(restarted.forget("agent-7").streams()).containsExactly(ALICE);
    }
  }

  private void untilSnapshotOf(long version) {
    String fingerprint = StateCodec.json(Person.class).fingerprint();
    var snapshot = store.snapshots().load(ALICE, fingerprint, 1).snapshot();
    while (snapshot == null || snapshot.version() < version) {
      snapshot = store.snapshots().load(ALICE, fingerprint, 1).snapshot();
    }
  }

  private static String text(SecretKey key) {
    return new String(key.getEncoded(), ISO_8859_1);
  }

  /** Returns every name and value that a server has in memory. */
  private static String memory(RedissonClient server) {
    List<byte[]> dump =
        server
            .getScript(BytesCodec.INSTANCE)
            .eval(RScript.Mode.READ_WRITE, DUMP, RScript.ReturnType.LIST);
    var all = new StringBuilder();
    dump.forEach(part -> all.append(new String(part, ISO_8859_1)).append('\n'));
    return all.toString();
  }

  private static String files(EmbeddedRedis server) throws IOException {
    var all = new StringBuilder();
    try (var raw = new RawRedis(server);
        Stream<Path> files =
            Files.walk(Path.of(raw.list("CONFIG", "GET", "dir").get(1).toString()))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        all.append(Files.readString(file, ISO_8859_1)).append('\n');
      }
    }
    return all.toString();
  }

  private static void rewriteFiles(EmbeddedRedis server) {
    try (var raw = new RawRedis(server)) {
      assertThat(raw.command("BGREWRITEAOF")).asString().contains("started");
      String progress;
      do {
        progress = String.valueOf(raw.command("INFO", "persistence"));
      } while (progress.contains("aof_rewrite_in_progress:1"));
      assertThat(progress).contains("aof_last_bgrewrite_status:ok");
    }
  }
}
