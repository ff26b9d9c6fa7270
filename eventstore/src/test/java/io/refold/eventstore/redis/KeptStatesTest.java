package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.Account;
import io.refold.eventstore.Accounts.AccountDecider;
import io.refold.eventstore.Accounts.Close;
import io.refold.eventstore.Accounts.Command;
import io.refold.eventstore.Accounts.Deposit;
import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Event;
import io.refold.eventstore.Accounts.Open;
import io.refold.eventstore.Accounts.Opened;
import io.refold.eventstore.Append;
import io.refold.eventstore.CommandConflictException;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.CommandOptions;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.StateCache;
import io.refold.eventstore.StateCodec;
import io.refold.eventstore.StreamMark;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a handler keeps in memory saves calls, and never leads to a wrong answer. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KeptStatesTest {
  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore here;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore elsewhere;

  private final String id = UUID.randomUUID().toString();
  private final CommandHandler<Command, Account, Event> ours = accounts(here);
  private final CommandHandler<Command, Account, Event> theirs = accounts(elsewhere);

  @BeforeAll
  static void open() {
    redis = EmbeddedRedis.start();
    here = RedisEventStore.connect(redis.url());
    elsewhere = RedisEventStore.connect(redis.url());
  }

  @AfterAll
  static void close() {
    here.close();
    elsewhere.close();
    redis.close();
  }

  private static CommandHandler<Command, Account, Event> accounts(RedisEventStore store) {
    return CommandHandler.on(store, ACCOUNTS, new AccountDecider()).build();
  }

  /** Calls of a command since the server started. */
  private static long calls(String command) {
    try (var socket = new Socket(InetAddress.getLoopbackAddress(), redis.port())) {
      socket.getOutputStream().write("INFO commandstats\r\nQUIT\r\n".getBytes(US_ASCII));
      String stats = new String(socket.getInputStream().readAllBytes(), US_ASCII);
      Matcher line = Pattern.compile("cmdstat_" + command + ":calls=(\\d+)").matcher(stats);
      return line.find() ? Long.parseLong(line.group(1)) : 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aCommandOnAKnownAggregateIsOneCall() {
    ours.handle(id, new Open("Alice"));
    long appends = calls("evalsha");
    long reads = calls("xrange");

    for (int i = 0; i < 20; i++) {
      ours.handle(id, new Deposit(1));
    }

    assertThat(calls("evalsha") - appends).isEqualTo(20);
    assertThat(calls("xrange") - reads).isZero();
    assertThat(ours.load(id).state()).isEqualTo(new Account(true, 20));
  }

  @Test
  void withoutACacheEachCommandReadsFirst() {
    var handler =
        CommandHandler.on(here, ACCOUNTS, new AccountDecider()).cache(StateCache.off()).build();
    handler.handle(id, new Open("Alice"));
    long reads = calls("xrange");

    handler.handle(id, new Deposit(1));
    handler.handle(id, new Deposit(1));

    assertThat(calls("xrange") - reads).isEqualTo(2);
  }

  @Test
  void aColdAggregateIsLoadedWithItsSnapshotInOneCall() {
    var states = StateCodec.json(Account.class);
    var handler =
        CommandHandler.on(here, ACCOUNTS, new AccountDecider())
            .cache(StateCache.off())
            .snapshots(states, (now, snapshot) -> now.version() == 1)
            .build();
    handler.handle(id, new Open("Alice"));
    while (here.snapshots().load(ACCOUNTS.stream(id), states.fingerprint(), 1).snapshot() == null) {
      // it is on its way
    }
    handler.handle(id, new Deposit(1));
    long calls = calls("evalsha");

    handler.handle(id, new Deposit(1));

    assertThat(calls("evalsha") - calls).as("load, append").isEqualTo(2);
  }

  @Test
  void heavyStatesAreNotKept() {
    var handler =
        CommandHandler.on(here, ACCOUNTS, new AccountDecider())
            .cache(StateCache.weighing(100, account -> 101))
            .build();
    handler.handle(id, new Open("Alice"));
    long reads = calls("xrange");

    handler.handle(id, new Deposit(1));

    assertThat(calls("xrange") - reads).isEqualTo(1);
  }

  @Test
  void noRefusalIsAnsweredFromAStateThatIsOld() {
    ours.handle(id, new Open("Alice"));
    theirs.handle(id, new Close());
    ours.load(id);
    theirs.handle(id, new Open("Bob"));

    assertThat(ours.handle(id, new Deposit(1)).state())
        .as("ours knew it as closed, and would have refused")
        .isEqualTo(new Account(true, 1));
  }

  @Test
  void processesAnswerEachOtherRightWhateverTheyHaveKept() throws IOException {
    try (var teller = TellerProcess.start(redis.url())) {
      assertThat(teller.handle(id, "open")).isEqualTo("Account[open=true, cents=0]");
      assertThat(ours.handle(id, new Deposit(5)).state()).isEqualTo(new Account(true, 5));
      assertThat(teller.handle(id, "close"))
          .as("it knew an empty account")
          .isEqualTo("CommandRejectedException");
      assertThat(teller.handle(id, "7")).isEqualTo("Account[open=true, cents=12]");
      assertThat(ours.handle(id, new Open("Alice")).events()).isEmpty();

      var empty = "empty-" + id;
      ours.handle(empty, new Open("Alice"));
      assertThat(teller.handle(empty, "close")).isEqualTo("Account[open=false, cents=0]");
      assertThat(ours.handle(empty, new Open("Alice")).events())
          .as("ours knew an open account")
          .containsExactly(new Opened("Alice"));
      assertThat(teller.handle(empty, "3"))
          .as("it knew a closed account")
          .isEqualTo("Account[open=true, cents=3]");
    }
  }

  @Test
  void noCommandIsTakenForDoneOnAStateThatIsOld() {
    ours.handle(id, new Open("Alice"));
    theirs.handle(id, new Close());

    assertThat(ours.handle(id, new Open("Alice")).events())
        .as("ours knew it as open, so it had nothing to do")
        .containsExactly(new Opened("Alice"));
  }

  @Test
  void anExpectedVersionIsComparedWithTheNewestOne() {
    ours.handle(id, new Open("Alice"));
    theirs.handle(id, new Deposit(5));

    var atTwo = CommandOptions.defaults().withExpectedVersion(2);
    assertThat(ours.handle(id, new Deposit(1), atTwo).version()).isEqualTo(3);
    theirs.handle(id, new Deposit(5));
    var atThree = CommandOptions.defaults().withExpectedVersion(3);
    assertThatThrownBy(() -> ours.handle(id, new Deposit(1), atThree))
        .isInstanceOf(CommandConflictException.class)
        .hasMessageContaining("is at version 4, not 3");
  }

  @Test
  void aCommandThatAnotherHandlerHasDoneIsRecognised() {
    ours.handle(id, new Open("Alice"));
    var once = CommandOptions.defaults().withCommandId("once-" + id);
    theirs.handle(id, new Deposit(5), once);

    assertThat(ours.handle(id, new Deposit(5), once).repeat()).isTrue();
    assertThat(ours.load(id).state()).isEqualTo(new Account(true, 5));
  }

  @Test
  void dataThatWasForgottenElsewhereIsFoldedAgain() {
    ours.handle(id, new Open("Alice"));
    long reads = calls("xrange");
    var mark = new StreamMark.Forgotten("alice");
    elsewhere.mark(ACCOUNTS.stream(id), mark, ExpectedVersion.any(), "forget-" + id);

    ours.handle(id, new Deposit(1));

    assertThat(calls("xrange") - reads)
        .as("the missed mark within the script, and the whole stream twice, with and without it")
        .isGreaterThanOrEqualTo(2);
    assertThat(ours.load(id).state()).isEqualTo(new Account(true, 1));
  }

  @Test
  void aStateOfAHistoryThatTheServerHasLostIsNotUsed() {
    try (var forgetful = EmbeddedRedis.start("appendonly no");
        var store = RedisEventStore.connect(forgetful.url());
        var other = RedisEventStore.connect(forgetful.url())) {
      var accounts = accounts(store);
      accounts.handle(id, new Open("Alice"));
      accounts.handle(id, new Deposit(1_000));
      long before = store.disruptions();

      forgetful.crashAndRestart();
      var rewritten = List.of(new Opened("Bob"), new Deposited(1));
      other.append(Append.of(ACCOUNTS, id, ExpectedVersion.noStream(), rewritten));

      assertThat(accounts.handle(id, new Deposit(5)).state()).isEqualTo(new Account(true, 6));
      assertThat(store.disruptions()).isGreaterThan(before);
      assertThat(store.history(ACCOUNTS, id).map(Recorded::event))
          .containsExactly(new Opened("Bob"), new Deposited(1), new Deposited(5));
    }
  }
}
