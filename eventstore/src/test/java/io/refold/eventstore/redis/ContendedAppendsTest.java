package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static io.refold.eventstore.Accounts.SAVINGS;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many writers in each other's way on two streams at once. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ContendedAppendsTest {
  private static final int WRITERS = 64;
  private static final int EACH = 5;

  @Test
  void writersOfTheSameTwoStreamsAllGetTheirTurn() throws Exception {
    try (var redis = EmbeddedRedis.start();
        var store = RedisEventStore.connect(redis.url());
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var writers = new ArrayList<Future<?>>();
      for (int w = 0; w < WRITERS; w++) {
        String writer = "writer-" + w;
        writers.add(threads.submit(() -> appendEach(store, writer)));
      }
      for (Future<?> writer : writers) {
        writer.get(40, TimeUnit.SECONDS);
      }

      List<StoredEvent> accounts = store.read(ACCOUNTS.stream("hot/a"), 0, 10_000);
      List<StoredEvent> savings = store.read(SAVINGS.stream("hot/b"), 0, 10_000);
      assertThat(accounts).hasSize(WRITERS * EACH);
      assertThat(savings).hasSize(2 * WRITERS * EACH);
      assertThat(accounts)
          .extracting(StoredEvent::commandId)
          .doesNotHaveDuplicates()
          .allMatch(id -> id.startsWith("writer-"));
      for (int i = 0; i < accounts.size(); i++) { // what was written together is in step
        StoredEvent event = accounts.get(i);
        assertThat(event.version()).isEqualTo(i + 1L);
        for (StoredEvent beside : savings.subList(2 * i, 2 * i + 2)) {
          assertThat(beside.commandId()).isEqualTo(event.commandId());
          assertThat(beside.position()).isEqualTo(event.position());
        }
        assertThat(event.position().sequence()).isEqualTo(i + 1L);
      }
    }
  }

  /** Appends at the versions it believes in, and learns the right ones from each conflict. */
  private static void appendEach(RedisEventStore store, String writer) {
    long accounts = 0;
    long savings = 0;
    for (int number = 0; number < EACH; ) {
      var append =
          Append.of(
                  ACCOUNTS,
                  "hot/a",
                  ExpectedVersion.exactly(accounts),
                  List.of(new Deposited(number)))
              .and(
                  SAVINGS,
                  "hot/b",
                  ExpectedVersion.exactly(savings),
                  List.of(new Deposited(number), new Deposited(number)))
              .withCommandId(writer + "-" + number);
      switch (store.append(append)) {
        case AppendResult.Appended appended -> {
          assertThat(appended.repeat()).isFalse();
          accounts++;
          savings += 2;
          number++;
        }
        case AppendResult.Conflict conflict -> {
          assertThat(conflict.missed()).hasSize(2);
          accounts = conflict.missed().getFirst().version();
          savings = conflict.missed().getLast().version();
        }
        case AppendResult.Refused refused -> throw new AssertionError(refused);
        case AppendResult.Unknown unknown -> throw new AssertionError(unknown.cause());
      }
    }
  }
}
