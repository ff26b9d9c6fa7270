package io.refold.eventstore.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Append;
import io.refold.eventstore.EncodedEvent;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Metadata;
import io.refold.eventstore.StoreDamagedException;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Long stretches are read as single reads would read them, or not at all in that way. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BulkReadsTest {
  private static final int STREAMS = 700;

  private final EmbeddedRedis redis = EmbeddedRedis.start("requirepass secret");

  @SuppressWarnings("NullAway.Init") // opened before each test
  private RedisEventStore store;

  @BeforeEach
  void open() {
    store = RedisEventStore.to(url()).partitions(1).open();
  }

  @AfterEach
  void close() {
    store.close();
    redis.close();
  }

  private String url() {
    return redis.url().replace("redis://", "redis://:secret@") + "/3";
  }

  private static StreamId stream(int number) {
    return new StreamId("thing", "ä" + number);
  }

  private void append(StreamId stream, Metadata metadata, String... data) {
    List<EncodedEvent> events = new ArrayList<>();
    for (String each : data) {
      events.add(new EncodedEvent("Done", each.getBytes(StandardCharsets.UTF_8)));
    }
    var write = new Append.StreamWrite(stream, ExpectedVersion.any(), events);
    store.append(new Append(List.of(write), "c" + stream.id(), metadata));
  }

  /** Streams of one to three events; some have metadata, one event is larger than any buffer. */
  private void fill() {
    for (int i = 0; i < STREAMS; i++) {
      String text = i == 5 ? "x".repeat(300_000) : "ü" + i;
      append(
          stream(i),
          i % 3 == 0 ? Metadata.of("by", "é" + i) : Metadata.empty(),
          List.of("\"%s\"".formatted(text), "2", "3").subList(0, 1 + i % 3).toArray(String[]::new));
    }
  }

  private List<StoredEvent> oneByOne() {
    var events = new ArrayList<StoredEvent>();
    for (int i = 0; i < STREAMS; i++) {
      events.addAll(store.read(stream(i), 0, 10));
    }
    return events;
  }

  private Optional<List<List<LogEntry>>> logInBulk() {
    String key = store.session().logKey(0);
    return store
        .session()
        .bulk()
        .read(
            key,
            List.of(new BulkReads.Range<>(key, "-", "+", 10_000, raw -> Entries.logEntry(0, raw))));
  }

  @Test
  void whatIsReadInBulkIsWhatSingleReadsGive() {
    fill();

    List<LogEntry> log = store.readLog(0, 0, 10_000);

    assertThat(log).hasSize(STREAMS).isEqualTo(logInBulk().orElseThrow().getFirst());
    for (int i = 0; i < STREAMS; i++) {
      assertThat(log.get(i)).isEqualTo(store.readLog(0, i, 1).getFirst());
    }
    assertThat(store.fetch(log, "thing"::equals)).isEqualTo(oneByOne());
    assertThat(store.fetch(log.subList(1, 90), "thing"::equals))
        .isEqualTo(oneByOne().stream().filter(e -> inside(e, log.subList(1, 90))).toList());
  }

  private static boolean inside(StoredEvent event, List<LogEntry> log) {
    return log.stream().anyMatch(entry -> entry.position().equals(event.position()));
  }

  @Test
  void aConnectionIsUsedAgainAndNoneIsLeftBehind() {
    fill();
    assertThat(logInBulk()).isPresent();
    long before = connections();
    for (int i = 0; i < 20; i++) {
      assertThat(logInBulk()).isPresent();
    }

    assertThat(connections()).isEqualTo(before);
  }

  private long connections() {
    var clients =
        new RedisScript("clients", "return {redis.call('INFO', 'clients')}", "2".repeat(40));
    var reply = (List<?>) store.session().eval(clients, List.of(store.session().logKey(0)));
    assertThat(reply).hasSize(1);
    return reply == null
        ? -1
        : Entries.text(reply.getFirst())
            .lines()
            .filter(line -> line.startsWith("connected_clients:"))
            .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).strip()))
            .sum();
  }

  @Test
  void anEntryThatIsDamagedIsReportedAsASingleReadReportsIt() {
    fill();
    List<LogEntry> log = store.readLog(0, 0, 10_000);
    String key = store.session().logKey(0).replace(":log", ":s:" + stream(8));
    var damage =
        new RedisScript(
            "damage",
            "redis.call('XTRIM', KEYS[1], 'MAXLEN', 0) return {redis.call('XADD', KEYS[1], '9-0',"
                + " 'long', 'x')}",
            "3".repeat(40));
    store.session().eval(damage, List.of(key));
    var wider = new LogEntry(log.get(8).position(), List.of(new LogEntry.Pointer(stream(8), 1, 9)));
    var entries = new ArrayList<>(log);
    entries.set(8, wider);

    assertThatThrownBy(() -> store.fetch(entries, "thing"::equals))
        .isInstanceOf(StoreDamagedException.class)
        .hasMessageContaining("event 9 of thing:ä8 is damaged");
    assertThat(store.fetch(log.subList(100, 300), "thing"::equals)).hasSizeGreaterThan(200);
  }

  @Test
  void aKeyThatIsNoStreamAndAServerThatIsAwayLeaveItToTheOrdinaryWay() {
    fill();
    var wrong =
        new RedisScript("wrong", "redis.call('SET', KEYS[1], 'x') return {}", "4".repeat(40));
    String other = store.session().partitionTag(0) + ":other";
    store.session().eval(wrong, List.of(other));

    assertThat(
            store
                .session()
                .bulk()
                .read(other, List.of(new BulkReads.Range<>(other, "-", "+", 5, RawEntry::major))))
        .isEmpty();
    assertThat(logInBulk()).isPresent();
    redis.process().destroyForcibly();
    redis.process().onExit().join();
    assertThat(logInBulk()).isEmpty();
  }
}
