package io.refold.eventstore;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static io.refold.eventstore.EventStoreContract.appended;
import static io.refold.eventstore.EventStoreContract.deposits;
import static io.refold.eventstore.EventStoreContract.newId;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Accounts.Account;
import io.refold.eventstore.Accounts.AccountDecider;
import io.refold.eventstore.Accounts.Command;
import io.refold.eventstore.Accounts.Deposit;
import io.refold.eventstore.Accounts.Event;
import io.refold.eventstore.Accounts.Open;
import io.refold.eventstore.SnapshotStore.Loading;
import io.refold.eventstore.SnapshotStore.Snapshot;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Snapshots save time and are never the truth, on whatever store. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class SnapshotContract {
  private static final ExpectedVersion ANY = ExpectedVersion.any();
  private static final byte[] STATE = "state".getBytes(UTF_8);
  private static final byte[] COMMANDS = {1, 2, 3};

  private final String id = newId();
  private final StreamId stream = ACCOUNTS.stream(id);

  /** Returns a store; it may hold other tests' streams. */
  protected abstract EventStore store();

  /** Stores an account as text; counts what it is asked to read. */
  private static final class AccountCodec implements StateCodec<Account> {
    private final String fingerprint;
    private int decoded;

    AccountCodec(String fingerprint) {
      this.fingerprint = fingerprint;
    }

    @Override
    public byte[] encode(Account account) {
      return (account.open() + " " + account.cents()).getBytes(UTF_8);
    }

    @Override
    public Account decode(byte[] stored) {
      decoded++;
      String[] parts = new String(stored, UTF_8).split(" ", -1);
      return new Account(Boolean.parseBoolean(parts[0]), Long.parseLong(parts[1]));
    }

    @Override
    public String fingerprint() {
      return fingerprint;
    }
  }

  private CommandHandler<Command, Account, Event> accounts(StateCodec<Account> codec) {
    return CommandHandler.on(store(), ACCOUNTS, new AccountDecider())
        .cache(StateCache.off())
        .snapshots(codec, SnapshotRule.every(5))
        .build();
  }

  private Snapshot snapshot(long version, String fingerprint) {
    Position position = store().read(stream, version - 1, 1).getFirst().position();
    return new Snapshot(version, position, fingerprint, STATE, COMMANDS);
  }

  private boolean save(Snapshot snapshot) {
    return store().snapshots().save(stream, snapshot).toCompletableFuture().join();
  }

  private @Nullable Snapshot saved(String fingerprint) {
    return store().snapshots().load(stream, fingerprint, 1).snapshot();
  }

  /** An account of 15; its command ids are {@code deposit-1} and so on. */
  private void sixEventsAndASnapshotOfFive(CommandHandler<Command, Account, Event> accounts) {
    accounts.handle(id, new Open("Alice"));
    for (int i = 1; i <= 5; i++) {
      var named = CommandOptions.defaults().withCommandId("deposit-" + i);
      accounts.handle(id, new Deposit(i), named);
      if (i == 4) {
        untilSaved("v1", 5); // so that the next one knows of it
      }
    }
  }

  private void untilSaved(String fingerprint, long version) {
    Snapshot saved;
    do {
      saved = saved(fingerprint);
    } while (saved == null || saved.version() < version);
  }

  @Test
  void aSnapshotComesBackWithTheEventsFromItsVersionOn() {
    store().append(Append.of(ACCOUNTS, id, ANY, deposits(1, 9)));

    assertThat(store().snapshots().load(stream, "f", 100).snapshot()).isNull();
    assertThat(store().snapshots().load(stream, "f", 3).events()).hasSize(3);
    assertThat(save(snapshot(7, "f"))).isTrue();
    Loading loading = store().snapshots().load(stream, "f", 100);

    Snapshot loaded = Objects.requireNonNull(loading.snapshot());
    assertThat(loaded.version()).isEqualTo(7);
    assertThat(loaded.position()).isEqualTo(snapshot(7, "f").position());
    assertThat(loaded.state()).isEqualTo(STATE);
    assertThat(loaded.recentCommands()).isEqualTo(COMMANDS);
    assertThat(loading.ignored()).isNull();
    assertThat(loading.events()).extracting(StoredEvent::version).containsExactly(7L, 8L, 9L);
  }

  @Test
  void aSnapshotOfAnotherShapeIsNamedAndTheStreamReadFromItsFirstEvent() {
    store().append(Append.of(ACCOUNTS, id, ANY, deposits(1, 9)));
    save(snapshot(7, "old"));

    Loading loading = store().snapshots().load(stream, "new", 100);

    assertThat(loading.snapshot()).isNull();
    assertThat(loading.ignored()).contains("another shape of state").contains("old");
    assertThat(loading.events()).hasSize(9);
    assertThat(save(snapshot(8, "new"))).as("it is replaced").isTrue();
  }

  @Test
  void aSnapshotNeverReplacesANewerOneNorOneOfAnotherHistoryANewOne() {
    store().append(Append.of(ACCOUNTS, id, ANY, deposits(1, 9)));

    assertThat(save(snapshot(7, "f"))).isTrue();
    assertThat(save(snapshot(6, "f"))).isFalse();
    assertThat(save(snapshot(6, "g"))).isFalse();
    assertThat(save(snapshot(7, "g"))).isTrue();
    var elsewhere = new Snapshot(8, Position.origin(0), "f", STATE, COMMANDS);
    assertThat(save(elsewhere)).isFalse();
    assertThat(save(new Snapshot(10, snapshot(9, "f").position(), "f", STATE, COMMANDS))).isFalse();
    assertThat(Objects.requireNonNull(saved("g")).version()).isEqualTo(7);
  }

  @Test
  void aSnapshotThatMoreThan256EventsFollowIsNotSaved() {
    store().append(Append.of(ACCOUNTS, id, ANY, deposits(1, 258)));

    assertThat(save(snapshot(1, "f"))).isFalse();
    assertThat(save(snapshot(2, "f"))).isTrue();
  }

  @Test
  void deletingAndForgettingTakeTheSnapshotAlong() {
    store().append(Append.of(ACCOUNTS, id, ANY, deposits(1, 9)));
    Snapshot before = snapshot(9, "f");
    save(before);

    appended(store().mark(stream, new StreamMark.Forgotten("käthe"), ANY, "forget"));

    assertThat(saved("f")).isNull();
    assertThat(save(before)).as("folded before the data was forgotten").isFalse();
    assertThat(save(snapshot(10, "f"))).isTrue();
    appended(store().delete(stream, ANY));
    assertThat(saved("f")).isNull();
    assertThat(save(before)).isFalse();
  }

  @Test
  void aHandlerFoldsFromTheSnapshotAndStillRecognisesItsCommands() {
    var codec = new AccountCodec("v1");
    var accounts = accounts(codec);
    sixEventsAndASnapshotOfFive(accounts);

    var restarted = accounts(codec);
    int before = codec.decoded;
    assertThat(restarted.load(id).state()).isEqualTo(new Account(true, 15));
    assertThat(restarted.load(id).version()).isEqualTo(6);
    assertThat(codec.decoded).isEqualTo(before + 2);
    var repeat =
        restarted.handle(id, new Deposit(1), CommandOptions.defaults().withCommandId("deposit-1"));
    assertThat(repeat.repeat()).isTrue();
    assertThat(repeat.events()).containsExactly(new Accounts.Deposited(1));
  }

  @Test
  void aSnapshotThatIsDamagedIsNotBelievedAndReplaced() {
    var codec = new AccountCodec("v1");
    var accounts = accounts(codec);
    sixEventsAndASnapshotOfFive(accounts);
    Snapshot good = Objects.requireNonNull(saved("v1"));
    byte[] rich = "true 1000000".getBytes(UTF_8);

    for (var broken :
        List.of(
            new Snapshot(good.version(), good.position(), "v1", rich, good.recentCommands()),
            new Snapshot(good.version(), good.position(), "v1", good.state(), new byte[0]),
            new Snapshot(good.version(), good.position(), "v1", good.state(), new byte[9_000]))) {
      assertThat(save(broken)).isTrue();
      assertThat(accounts.load(id).state()).isEqualTo(new Account(true, 15));
    }
    accounts.handle(id, new Deposit(5));
    untilSaved("v1", 7);
    assertThat(accounts.load(id).state()).isEqualTo(new Account(true, 20));
  }

  @Test
  void aHandlerOfANewShapeFoldsAnewAndReplacesTheOldSnapshot() {
    var old = accounts(new AccountCodec("v1"));
    sixEventsAndASnapshotOfFive(old);

    var codec = new AccountCodec("v2");
    var renewed = accounts(codec);

    assertThat(renewed.handle(id, new Deposit(1)).state()).isEqualTo(new Account(true, 16));
    assertThat(codec.decoded).isZero();
    untilSaved("v2", 7);
  }

  @Test
  void anAppendIsDoneWhateverBecomesOfItsSnapshot() {
    var failing =
        new StateCodec<Account>() {
          @Override
          public byte[] encode(Account state) {
            throw new IllegalStateException("cannot be written");
          }

          @Override
          public Account decode(byte[] stored) {
            throw new IllegalStateException("cannot be read");
          }

          @Override
          public String fingerprint() {
            return "failing";
          }
        };
    SnapshotRule<Account> rule =
        (now, snapshot) -> {
          if (now.version() == 2) {
            throw new IllegalStateException("no rule for 2");
          }
          return true;
        };
    var accounts =
        CommandHandler.on(store(), ACCOUNTS, new AccountDecider()).snapshots(failing, rule).build();

    assertThat(accounts.handle(id, new Open("Alice")).version()).isEqualTo(1);
    assertThat(accounts.handle(id, new Deposit(1)).version()).isEqualTo(2);
    assertThat(accounts.handle(id, new Deposit(1)).version()).isEqualTo(3);
    assertThat(save(snapshot(3, "failing"))).isTrue();
    var restarted =
        CommandHandler.on(store(), ACCOUNTS, new AccountDecider()).snapshots(failing, rule).build();
    assertThat(restarted.load(id).state()).isEqualTo(new Account(true, 2));
  }

  @Test
  void aCommandDoesNotWaitForItsSnapshot() {
    var encoded = new CountDownLatch(1);
    var slow =
        new StateCodec<Account>() {
          @Override
          public byte[] encode(Account state) {
            try {
              encoded.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            return STATE;
          }

          @Override
          public Account decode(byte[] stored) {
            throw new IllegalArgumentException("no account in it");
          }

          @Override
          public String fingerprint() {
            return "slow";
          }
        };
    var accounts =
        CommandHandler.on(store(), ACCOUNTS, new AccountDecider())
            .snapshots(slow, SnapshotRule.every(1))
            .build();

    assertThat(accounts.handle(id, new Open("Alice")).version()).isEqualTo(1);

    encoded.countDown();
    untilSaved("slow", 1);
  }

  @Test
  void aSnapshotThatItsCodecCannotReadIsNotUsed() {
    var writer = accounts(new AccountCodec("v1"));
    sixEventsAndASnapshotOfFive(writer);
    var reader =
        accounts(
            new StateCodec<>() {
              @Override
              public byte[] encode(Account state) {
                return STATE;
              }

              @Override
              public Account decode(byte[] stored) {
                throw new IllegalArgumentException("no account in it");
              }

              @Override
              public String fingerprint() {
                return "v1";
              }
            });

    assertThat(reader.load(id).state()).isEqualTo(new Account(true, 15));
  }
}
