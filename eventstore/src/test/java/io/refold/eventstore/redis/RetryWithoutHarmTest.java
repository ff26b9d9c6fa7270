package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static io.refold.eventstore.Accounts.SAVINGS;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.refold.eventstore.Accounts.Account;
import io.refold.eventstore.Accounts.AccountDecider;
import io.refold.eventstore.Accounts.Command;
import io.refold.eventstore.Accounts.Deposit;
import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Event;
import io.refold.eventstore.Accounts.Open;
import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.CommandOptions;
import io.refold.eventstore.CommandOutcomeUnknownException;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Handled;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.redisson.api.RAtomicLong;
import org.redisson.config.Config;
import org.redisson.config.ConstantDelay;
import org.slf4j.LoggerFactory;

/**
 * Many writers behind a network that delays, cuts and swallows: whoever repeats a command until it
 * is acknowledged has it done once.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RetryWithoutHarmTest {
  private static final Duration REPLY = Duration.ofMillis(200);
  private static final long SEED = Long.getLong("refold.seed", 20_240_229);
  private static final int WRITERS = 16;
  private static final int APPENDS = 25;
  private static final int COMMANDS = 6;

  /** Its decoder reports each reply that was cut. */
  private static final Logger REDISSON =
      (Logger) LoggerFactory.getLogger("org.redisson.client.handler");

  private final EmbeddedRedis redis = EmbeddedRedis.start();
  private final FaultyProxy proxy = new FaultyProxy(redis.port());
  private final RedisEventStore direct = RedisEventStore.to(redis.url()).partitions(4).open();
  private final RedisEventStore store = RedisEventStore.connect(throughTheProxy());

  RetryWithoutHarmTest() throws IOException {}

  /** As a user may give it: Redisson would repeat what it has no reply for. */
  private Config throughTheProxy() {
    var config = new Config();
    config
        .useSingleServer()
        .setAddress(proxy.url())
        .setTimeout((int) REPLY.toMillis())
        .setConnectionMinimumIdleSize(4)
        .setConnectionPoolSize(8)
        .setRetryAttempts(3)
        .setRetryDelay(new ConstantDelay(Duration.ofMillis(10)));
    return config;
  }

  @BeforeAll
  static void quieten() {
    REDISSON.setLevel(Level.OFF);
  }

  @AfterAll
  static void restore() {
    REDISSON.setLevel(null);
  }

  @AfterEach
  void close() throws IOException {
    proxy.close();
    store.close();
    direct.close();
    redis.close();
  }

  @ParameterizedTest(name = "script cache cold: {0}")
  @ValueSource(booleans = {false, true})
  void appendsRepeatedUntilAcknowledgedAreThereOnce(boolean cold) throws Exception {
    underFaults(
        25, cold, APPENDS, (writer, number) -> acknowledged(append("stream-" + writer, number)));

    for (int writer = 0; writer < WRITERS; writer++) {
      String id = "stream-" + writer;
      var accounts = new ArrayList<String>();
      var savings = new ArrayList<String>();
      for (int number = 0; number < APPENDS; number++) {
        for (Append.StreamWrite write : append(id, number).writes()) {
          var commands = write.stream().category().equals("account") ? accounts : savings;
          commands.addAll(Collections.nCopies(write.events().size(), id + "-" + number));
        }
      }
      assertThat(commands(ACCOUNTS.stream(id))).isEqualTo(accounts);
      assertThat(commands(SAVINGS.stream(id))).isEqualTo(savings);
    }
    assertLogsMatchStreams();
  }

  /** One to three events at an exact version; each third append goes to two streams. */
  private static Append append(String id, int number) {
    long before = LongStream.range(0, number).map(n -> 1 + n % 3).sum();
    List<Event> events =
        IntStream.rangeClosed(0, number % 3).<Event>mapToObj(Deposited::new).toList();
    ExpectedVersion expected =
        number % 5 == 4 ? ExpectedVersion.any() : ExpectedVersion.exactly(before);
    Append append = Append.of(ACCOUNTS, id, expected, events);
    return (number % 3 == 0 ? append.and(SAVINGS, id, ExpectedVersion.any(), events) : append)
        .withCommandId(id + "-" + number);
  }

  /** Nobody else writes to the stream, so there is no conflict; only a lost append is repeated. */
  private void acknowledged(Append append) {
    boolean lost = false;
    while (true) {
      try {
        switch (store.append(append)) {
          case AppendResult.Appended appended -> {
            assertThat(lost || !appended.repeat()).as("repeat of what was not written").isTrue();
            return;
          }
          case AppendResult.Unknown unknown -> lost = true;
          case AppendResult.Conflict conflict -> throw new AssertionError(conflict);
          case AppendResult.Refused refused -> throw new AssertionError(refused);
        }
      } catch (StoreUnavailableException notWritten) {
        // the same again
      }
    }
  }

  @ParameterizedTest(name = "script cache cold: {0}")
  @ValueSource(booleans = {false, true})
  void commandsRepeatedUntilAcknowledgedAreDoneOnce(boolean cold) throws Exception {
    var own = CommandHandler.on(store, ACCOUNTS, new AccountDecider()).build();
    var shared = CommandHandler.on(store, SAVINGS, new AccountDecider()).build();
    underFaults(
        30,
        cold,
        COMMANDS,
        (writer, number) -> {
          String id = "own-" + writer;
          Command command = number == 0 ? new Open(id) : new Deposit(number);
          Handled<Account, Event> handled = handled(own, id, command, id + "-" + number);
          assertThat(handled.version()).isEqualTo(number + 1L);
          assertThat(handled.state().cents()).isEqualTo((long) number * (number + 1) / 2);
          handled(shared, "shared", new Open("all"), id + "-open-" + number);
          handled(shared, "shared", new Deposit(1), id + "-" + number);
        });

    for (int writer = 0; writer < WRITERS; writer++) {
      String id = "own-" + writer;
      assertThat(commands(ACCOUNTS.stream(id)))
          .isEqualTo(IntStream.range(0, COMMANDS).mapToObj(number -> id + "-" + number).toList());
    }
    List<String> deposits = commands(SAVINGS.stream("shared"));
    assertThat(deposits).hasSize(1 + WRITERS * COMMANDS).doesNotHaveDuplicates();
    assertThat(
            CommandHandler.on(direct, SAVINGS, new AccountDecider()).build().load("shared").state())
        .isEqualTo(new Account(true, WRITERS * COMMANDS));
    assertLogsMatchStreams();
  }

  /** However many threads share an aggregate, a handler's own retries are enough. */
  private static Handled<Account, Event> handled(
      CommandHandler<Command, Account, Event> handler,
      String id,
      Command command,
      String commandId) {
    var options = CommandOptions.defaults().withCommandId(commandId);
    boolean lost = false;
    while (true) {
      try {
        Handled<Account, Event> handled = handler.handle(id, command, options);
        assertThat(lost || !handled.repeat()).as("repeat of what was not written").isTrue();
        return handled;
      } catch (CommandOutcomeUnknownException unknown) {
        lost = true;
      } catch (StoreUnavailableException notWritten) {
        // the same again
      }
    }
  }

  private interface Step {
    void run(int writer, int number);
  }

  @Test
  void whatIsSaidNotToHaveBeenExecutedWasNot() {
    String source = "return redis.call('INCR', KEYS[1])";
    var count =
        new RedisScript(
            "count", source, direct.session().redisson().getScript().scriptLoad(source));
    var ballast = new byte[1 << 20];
    proxy.plan(FaultyProxy.Plan.seeded(SEED, 40, REPLY));
    var calls = new ArrayList<CompletableFuture<?>>();
    for (int i = 0; i < 900; i++) {
      Object[] args = i % 60 == 59 ? new Object[] {ballast} : new Object[0];
      calls.add(store.session().evalAsync(count, List.of("call-" + i), args).toCompletableFuture());
    }

    for (int i = 0; i < calls.size(); i++) {
      Throwable failure =
          calls.get(i).handle((reply, e) -> e == null ? null : RedisErrors.cause(e)).join();
      RAtomicLong executed = direct.session().redisson().getAtomicLong("call-" + i);
      if (failure == null) {
        assertThat(executed.get()).isEqualTo(1);
      } else if (failure instanceof StoreUnavailableException) {
        assertThat(executed.get()).as("%s", failure).isZero();
      } else {
        assertThat(failure).isInstanceOf(ReplyLostException.class);
        assertThat(executed.get()).isLessThanOrEqualTo(1);
      }
    }
    assertThat(proxy.faults()).isPositive();
  }

  /** Runs so many steps of all writers at once, while the network misbehaves. */
  private void underFaults(int oneIn, boolean cold, int steps, Step step) throws Exception {
    var writers = new ArrayList<Future<?>>();
    direct.append(append("warm", 0));
    proxy.plan(FaultyProxy.Plan.seeded(SEED, oneIn, REPLY));
    try (var threads = Executors.newFixedThreadPool(WRITERS)) {
      for (int w = 0; w < WRITERS; w++) {
        int writer = w;
        writers.add(
            threads.submit(() -> {
              for (int number = 0; number < steps; number++) {
                if (cold && number % 2 == 0) {
                  direct.session().redisson().getScript().scriptFlush();
                }
                step.run(writer, number);
              }
            }));
      }
      try {
        for (Future<?> writer : writers) {
          writer.get(30, TimeUnit.SECONDS);
        }
      } catch (ExecutionException | TimeoutException e) {
        threads.shutdownNow();
        throw new AssertionError(
            "with -Drefold.seed=%d, after %d faults".formatted(SEED, proxy.faults()), e);
      }
    }
    assertThat(proxy.faults()).isGreaterThan(10);
  }

  /** The ids of the commands that wrote a stream's events, which have versions without gap. */
  private List<String> commands(StreamId stream) {
    List<StoredEvent> events = direct.read(stream, 0, 10_000);
    assertThat(events)
        .extracting(StoredEvent::version)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, events.size()).boxed().toList());
    return events.stream().map(StoredEvent::commandId).toList();
  }

  /** Each log counts without gap, and points to each event of its partition once. */
  private void assertLogsMatchStreams() {
    for (int partition = 0; partition < direct.partitions(); partition++) {
      List<LogEntry> log = direct.readLog(partition, 0, 10_000);
      assertThat(log)
          .extracting(entry -> entry.position().sequence())
          .containsExactlyElementsOf(LongStream.rangeClosed(1, log.size()).boxed().toList());
      var pointed = new HashMap<StreamId, List<Position>>();
      for (LogEntry entry : log) {
        for (LogEntry.Pointer pointer : entry.pointers()) {
          List<Position> positions =
              pointed.computeIfAbsent(pointer.stream(), stream -> new ArrayList<>());
          assertThat(pointer.firstVersion()).isEqualTo(positions.size() + 1L);
          positions.addAll(Collections.nCopies(pointer.count(), entry.position()));
        }
      }
      long events = 0;
      for (Map.Entry<StreamId, List<Position>> stream : pointed.entrySet()) {
        assertThat(direct.read(stream.getKey(), 0, 10_000))
            .extracting(StoredEvent::position)
            .isEqualTo(stream.getValue());
        events += stream.getValue().size();
      }
      assertThat(direct.head(partition).events()).isEqualTo(events);
    }
  }
}
