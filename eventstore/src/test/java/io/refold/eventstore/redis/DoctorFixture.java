package io.refold.eventstore.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Append;
import io.refold.eventstore.EncodedEvent;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Metadata;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A healthy server with a replica, and stores on it, each in a namespace of its own. */
final class DoctorFixture implements AutoCloseable {
  /** All that a doctor asks of a server; how busy the machine is says nothing about it. */
  static final String[] HEALTHY = {
    "appendonly yes", "appendfsync always", "maxmemory 512mb", "slowlog-log-slower-than -1"
  };

  final EmbeddedRedis master = EmbeddedRedis.start(with("min-replicas-to-write 1"));
  final EmbeddedRedis replica = EmbeddedRedis.start(with("replicaof 127.0.0.1 " + master.port()));
  final RawRedis raw = new RawRedis(master);

  DoctorFixture() {
    await(() -> info("replication").contains("state=online"));
    await(() -> info("replication").contains("min_slaves_good_slaves:1"));
  }

  static String[] with(String... more) {
    return Stream.concat(Stream.of(HEALTHY), Stream.of(more)).toArray(String[]::new);
  }

  String info(String section) {
    return info(raw, section);
  }

  static String info(RawRedis server, String section) {
    return String.valueOf(server.command("INFO", section));
  }

  static void await(BooleanSupplier condition) {
    long giveUp = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("not within a minute").isLessThan(giveUp);
      Thread.onSpinWait();
    }
  }

  /** Opens a store with 4 partitions and some events in it. */
  RedisEventStore store() {
    RedisEventStore store =
        RedisEventStore.to(master.url()).namespace("d" + UUID.randomUUID()).partitions(4).open();
    for (int i = 0; i < 40; i++) {
      append(store, "s" + i % 10, i / 10);
    }
    return store;
  }

  static void append(RedisEventStore store, String id, long version) {
    var event = new EncodedEvent("noted", "{}".getBytes(StandardCharsets.UTF_8));
    var write =
        new Append.StreamWrite(
            new StreamId("note", id),
            version == 0 ? ExpectedVersion.noStream() : ExpectedVersion.exactly(version),
            List.of(event));
    store.append(new Append(List.of(write), UUID.randomUUID().toString(), Metadata.empty()));
  }

  /** Returns the codes of all that is found, with how bad it is left out. */
  static Set<String> codes(Doctor doctor) {
    return codes(doctor.examine());
  }

  static Set<String> codes(Diagnosis diagnosis) {
    return diagnosis.findings().stream()
        .map(Finding::code)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Changes a setting of the master for a while. */
  Set<String> codesWith(RedisEventStore store, String setting, String value) {
    String before = (String) raw.list("CONFIG", "GET", setting).get(1);
    assertThat(raw.command("CONFIG", "SET", setting, value)).isEqualTo("OK");
    try {
      return codes(Doctor.of(store));
    } finally {
      assertThat(raw.command("CONFIG", "SET", setting, before)).isEqualTo("OK");
    }
  }

  @Override
  public void close() {
    raw.close();
    replica.close();
    master.close();
  }
}
