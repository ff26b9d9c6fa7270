package io.refold.eventstore.redis;

import static io.refold.eventstore.redis.DoctorFixture.codes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.StreamMark;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is wrong with what lies in a server is found, and nothing is touched. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DoctorDataTest {
  private static final String STREAM = "note:s3";

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static DoctorFixture servers;

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisEventStore store;

  @SuppressWarnings("NullAway.Init") // known before each test
  private String tag;

  @BeforeAll
  static void start() {
    servers = new DoctorFixture();
  }

  @AfterAll
  static void stop() {
    servers.close();
  }

  @BeforeEach
  void open() {
    store = servers.store();
    tag = store.session().partitionTag(StreamId.parse(STREAM).partition(4));
  }

  @AfterEach
  void close() {
    store.close();
  }

  private static void write(String... words) {
    assertThat(String.valueOf(servers.raw.command(words))).doesNotStartWith("-");
  }

  private void found(String... codes) {
    assertThat(codes(Doctor.of(store))).containsExactlyInAnyOrder(codes);
    assertThat(codes(Doctor.of(store).thorough())).contains(codes);
  }

  private static String id(List<?> entries, int index) {
    return (String)
        Objects.requireNonNull(((List<?>) Objects.requireNonNull(entries.get(index))).getFirst());
  }

  private List<?> log() {
    return servers.raw.list("XRANGE", tag + ":log", "-", "+");
  }

  @Test
  void closedAndDeletedStreamsAreHealthy() {
    for (int i = 0; i < 4; i++) {
      StreamMark mark = i < 2 ? new StreamMark.Closed() : new StreamMark.Deleted();
      store.mark(new StreamId("note", "s" + i), mark, ExpectedVersion.any(), "end-" + i);
    }
    assertThat(Doctor.of(store).thorough().examine().findings()).isEmpty();
  }

  @Test
  void anEmptyNamespaceHasNoStore() {
    try (var doctor = Doctor.connect(servers.master.url(), "empty")) {
      assertThat(codes(doctor)).containsExactly("no-store");
    }
  }

  @Test
  void aNamespaceThatIsNoWholeStoreIsFound() {
    String meta = store.session().namespace() + ":meta";
    write("HSET", meta, "layout", "2");
    found("other-layout");
    write("HDEL", meta, "layout");
    found("namespace-damaged");
    write("HSET", meta, "layout", "1", "partitions", "many");
    found("namespace-damaged");
    write("DEL", meta);
    found("namespace-damaged");
    write("SET", meta, "a text");
    found("namespace-damaged");
  }

  @Test
  void keysOfOthersAreFound() {
    write("SET", store.session().namespace() + ":cache:1", "x");
    found("foreign-keys");
  }

  @Test
  void keysOfAnotherNumberOfPartitionsAreFound() {
    write("XADD", "{" + store.session().namespace() + ":0/8.0}:log", "1-1", "w", "1 1 note:a");
    found("other-partitions");
  }

  @Test
  void aLogWithAGapIsFound() {
    write("XDEL", tag + ":log", id(log(), 1));
    found("log-gap", "event-without-log-entry");
  }

  @Test
  void aLogThatHasLostItsBeginningIsFound() {
    write("XDEL", tag + ":log", id(log(), 0));
    found("log-gap", "event-without-log-entry");
  }

  @Test
  void aLogThatHasLostItsEndIsFound() {
    List<?> log = log();
    write("XDEL", tag + ":log", id(log, log.size() - 1));
    found("count-disagrees", "event-without-log-entry");
  }

  @Test
  void aCounterThatWasSetBackIsFound() {
    write("HINCRBY", tag + ":count", "appends", "-1");
    found("count-disagrees");
  }

  @Test
  void eventsThatWereMiscountedAreFoundByALookAtAll() {
    write("HINCRBY", tag + ":count", "events", "1");
    assertThat(codes(Doctor.of(store))).isEmpty();
    assertThat(codes(Doctor.of(store).thorough())).containsExactly("count-disagrees");
  }

  @Test
  void aLogEntryThatPointsNowhereIsFound() {
    write("XADD", tag + ":log", (log().size() + 1) + "-1", "w", "garbage");
    write("HINCRBY", tag + ":count", "appends", "1");
    found("log-entry-damaged");
  }

  @Test
  void eventsThatAreGoneAreFound() {
    write("XDEL", tag + ":s:" + STREAM, "2-0");
    found("log-entry-without-events", "stream-gap");
  }

  @Test
  void theNewestEventThatIsGoneIsFound() {
    write("XDEL", tag + ":s:" + STREAM, "4-0");
    found("log-entry-without-events", "stream-gap");
  }

  @Test
  void aStreamThatIsGoneIsFound() {
    write("DEL", tag + ":s:" + STREAM);
    found("log-entry-without-events");
  }

  @Test
  void anEventThatNamesAnotherEntryIsFound() {
    write(
        "XADD", tag + ":s:" + STREAM, "5-0", "t", "noted", "d", "{}", "c", "x", "p", id(log(), 0));
    found("event-without-log-entry");
    write("DEL", tag + ":s:" + STREAM);
    for (int version = 1; version <= 4; version++) {
      write(
          "XADD",
          tag + ":s:" + STREAM,
          version + "-0",
          "t",
          "noted",
          "d",
          "{}",
          "c",
          "x",
          "p",
          "77-7");
    }
    found("event-without-log-entry", "log-entry-without-events");
  }

  @Test
  void aStreamInAPartitionThatIsNotItsOwnIsFound() {
    int other = (StreamId.parse(STREAM).partition(4) + 1) % 4;
    String place = store.session().partitionTag(other) + ":s:" + STREAM;
    write("XADD", place, "1-0", "t", "noted", "d", "{}", "c", "x", "p", "1-1");
    found("stream-misplaced", "event-without-log-entry");
  }

  @Test
  void anExaminationChangesNothing() {
    try (var doctor = Doctor.connect(servers.master.url(), store.session().namespace())) {
      Map<String, List<?>> before = everything();
      write("CONFIG", "RESETSTAT");
      doctor.thorough().examine();
      String stats = servers.info("commandstats");
      assertThat(everything()).isEqualTo(before);
      Matcher command = Pattern.compile("cmdstat_([^:]+):").matcher(stats);
      var called = new ArrayList<String>();
      while (command.find()) {
        called.add(command.group(1));
      }
      assertThat(called).contains("scan", "xrange", "info").noneMatch(DoctorDataTest::writes);
    }
  }

  private static boolean writes(String command) {
    List<?> info =
        (List<?>) Objects.requireNonNull(servers.raw.list("COMMAND", "INFO", command).getFirst());
    List<?> flags = (List<?>) Objects.requireNonNull(info.get(2));
    return flags.contains("write") || command.startsWith("eval") || command.startsWith("function");
  }

  /** Every key with type, content and expiry. */
  private static Map<String, List<?>> everything() {
    var all = new TreeMap<String, List<?>>();
    for (Object found : servers.raw.list("KEYS", "*")) {
      String key = String.valueOf(found);
      String type = String.valueOf(servers.raw.command("TYPE", key));
      Object content =
          switch (type) {
            case "string" -> String.valueOf(servers.raw.command("GET", key));
            case "hash" -> servers.raw.list("HGETALL", key);
            default -> servers.raw.list("XINFO", "STREAM", key, "FULL", "COUNT", "0");
          };
      String expiry = String.valueOf(servers.raw.command("PEXPIRETIME", key));
      all.put(key, List.of(type, content, expiry));
    }
    return all;
  }

  @Test
  void aCommandThatMayWriteIsRefusedBeforeItIsSent() {
    for (String command : List.of("SET", "XADD", "EVAL", "CONFIG", "FLUSHALL")) {
      assertThatThrownBy(() -> ReadCommands.check(command, "SET"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(command);
    }
  }
}
