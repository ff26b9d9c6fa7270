package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.Account;
import io.refold.eventstore.Accounts.AccountDecider;
import io.refold.eventstore.Accounts.Command;
import io.refold.eventstore.Accounts.Deposit;
import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Event;
import io.refold.eventstore.Accounts.Open;
import io.refold.eventstore.Accounts.Opened;
import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.Context;
import io.refold.eventstore.Decider;
import io.refold.eventstore.Durability;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.SnapshotRule;
import io.refold.eventstore.StateCodec;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that comes back without its last events, between a decision and its append. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostHistoryTest {
  private static final String ID = "alice";

  /** Lets something happen once, just before a decision. */
  private static final class Interrupted implements Decider<Command, Account, Event> {
    private final AccountDecider real = new AccountDecider();
    private Runnable next = () -> {};
    private Account decidedOn = new Account(false, 0);

    @Override
    public Account initialState() {
      return real.initialState();
    }

    @Override
    public List<Event> decide(Command command, Account account, Context context) {
      Runnable now = next;
      next = () -> {};
      now.run();
      decidedOn = account;
      return real.decide(command, account, context);
    }

    @Override
    public Account evolve(Account account, Event event) {
      return real.evolve(account, event);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void aDecisionOnHistoryThatIsLostIsMadeAnew(int rewritten) {
    try (var redis = EmbeddedRedis.start("appendonly no");
        var store = RedisEventStore.connect(redis.url());
        var other = RedisEventStore.connect(redis.url())) {
      var decider = new Interrupted();
      var accounts = handler(store, decider);
      accounts.handle(ID, new Open("Alice"));
      accounts.handle(ID, new Deposit(1_000));
      decider.next =
          () -> {
            redis.crashAndRestart();
            rewrite(other, rewritten);
          };

      Account answered = accounts.handle(ID, new Deposit(5)).state();

      assertThat(decider.decidedOn).isEqualTo(new Account(true, rewritten - 1));
      Account folded = new Account(true, rewritten + 4);
      assertThat(answered).isEqualTo(folded);
      assertThat(handler(other, decider).load(ID).state()).isEqualTo(folded);
      assertThat(handler(other, decider).loadAsOf(ID, 1_000).state()).isEqualTo(folded);
    }
  }

  @Test
  void anAppendAtAnExactVersionIsNotSentToAnotherServerThanItWasDecidedOn() {
    try (var redis = EmbeddedRedis.start();
        var raw = new RawRedis(redis);
        var store = RedisEventStore.connect(redis.url())) {
      List<Event> one = List.of(new Deposited(1));
      store.append(Append.of(ACCOUNTS, ID, ExpectedVersion.noStream(), one));
      raw.command("REPLICAOF", "127.0.0.1", "1"); // it answers READONLY from here on
      raw.command("CONFIG", "RESETSTAT");

      assertThatThrownBy(
              () -> store.append(Append.of(ACCOUNTS, ID, ExpectedVersion.exactly(1), one)))
          .isInstanceOf(StoreUnavailableException.class);
      assertThat(raw.command("INFO", "commandstats"))
          .asString()
          .contains("cmdstat_evalsha:calls=1,");

      assertThatThrownBy(() -> store.append(Append.of(ACCOUNTS, ID, ExpectedVersion.any(), one)))
          .as("this one is sent again, and again, but to no avail")
          .isInstanceOf(StoreUnavailableException.class);
      assertThat(raw.command("INFO", "commandstats"))
          .asString()
          .doesNotContain("cmdstat_evalsha:calls=2,");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anAppendAtAnExactVersionIsNotWrittenWhereTheServerHasLostTheScriptSinceItsLast(
      boolean confirmed) {
    try (var redis = EmbeddedRedis.start();
        var raw = new RawRedis(redis);
        var store = RedisEventStore.to(redis.url()).partitions(1).open();
        var other = RedisEventStore.connect(redis.url())) {
      var two = new Deposited(2);
      var append =
          Append.of(ACCOUNTS, ID, ExpectedVersion.exactly(2), List.of(two))
              .withDurability(
                  confirmed ? Durability.replicas(1, Duration.ofMillis(1)) : Durability.memory());
      rewrite(store, 1);
      assertThat(store.append(Append.of(ACCOUNTS, ID, ExpectedVersion.exactly(1), List.of(two))))
          .isInstanceOf(AppendResult.Appended.class);
      for (Object key : raw.list("KEYS", "{*")) {
        raw.command("DEL", String.valueOf(key));
      }
      rewrite(other, 2);
      raw.command("SCRIPT", "FLUSH");
      long disruptions = store.disruptions();

      assertThatThrownBy(() -> store.append(append))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("NOSCRIPT");

      assertThat(store.disruptions()).isGreaterThan(disruptions);
      assertThat(store.read(ACCOUNTS.stream(ID), 0, 10)).hasSize(2);
      assertThat(store.append(append))
          .as("after its history was read again")
          .isInstanceOf(AppendResult.Appended.class);
    }
  }

  @Test
  void aHandlerGoesOnWhereTheServerHasLostItsScripts() {
    try (var redis = EmbeddedRedis.start();
        var raw = new RawRedis(redis);
        var store = RedisEventStore.connect(redis.url())) {
      var accounts = handler(store, new Interrupted());
      accounts.handle(ID, new Open("Alice"));
      for (int i = 1; i <= 3; i++) {
        raw.command("SCRIPT", "FLUSH");
        assertThat(accounts.handle(ID, new Deposit(1)).state()).isEqualTo(new Account(true, i));
      }
    }
  }

  private static CommandHandler<Command, Account, Event> handler(
      RedisEventStore store, Interrupted decider) {
    return CommandHandler.on(store, ACCOUNTS, decider)
        .snapshots(StateCodec.json(Account.class), SnapshotRule.every(1))
        .build();
  }

  private static void rewrite(RedisEventStore store, int count) {
    List<Event> events = new ArrayList<>(List.of(new Opened("Bob")));
    while (events.size() < count) {
      events.add(new Deposited(1));
    }
    var append = Append.of(ACCOUNTS, ID, ExpectedVersion.noStream(), events);
    AppendResult result = new AppendResult.Unknown(new IllegalStateException());
    while (!(result instanceof AppendResult.Appended)) {
      try {
        result = store.append(append);
      } catch (StoreUnavailableException e) {
        // it is still coming back
      }
    }
  }
}
