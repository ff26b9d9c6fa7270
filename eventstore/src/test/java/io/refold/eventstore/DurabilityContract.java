package io.refold.eventstore;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.AccountDecider;
import io.refold.eventstore.Accounts.Deposit;
import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Open;
import io.refold.eventstore.Accounts.Opened;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is answered where a level of durability is asked for. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class DurabilityContract {
  private static final Durability TWO = Durability.replicas(2, Duration.ofMillis(20));
  private static final Durability ONE = Durability.replicas(1, Duration.ofSeconds(10));

  private final String id = UUID.randomUUID().toString();

  /** Returns a store whose events reach one replica. */
  protected abstract EventStore reaching();

  /** Returns a store whose events reach no replica. */
  protected abstract EventStore unreaching();

  private static AppendResult.Appended appended(AppendResult result) {
    assertThat(result).isInstanceOf(AppendResult.Appended.class);
    return (AppendResult.Appended) result;
  }

  private Append opened() {
    return Append.of(ACCOUNTS, id, ExpectedVersion.noStream(), List.of(new Opened("Alice")));
  }

  @Test
  void whereNothingIsAskedMemoryIsReached() {
    var appended = appended(unreaching().append(opened()));

    assertThat(appended.durability()).isEqualTo(Confirmation.memory());
    assertThat(unreaching().confirm(ACCOUNTS.stream(id), null)).isEqualTo(Confirmation.memory());
  }

  @Test
  void aLevelThatIsReachedIsSaidToBe() {
    var append = opened().withDurability(ONE);

    var appended = appended(reaching().append(append));
    var repeat = appended(reaching().append(append));

    assertThat(appended.durability()).isEqualTo(new Confirmation(ONE, true, false, 1));
    assertThat(repeat.repeat()).isTrue();
    assertThat(repeat.durability()).isEqualTo(new Confirmation(ONE, true, false, 1));
    assertThat(reaching().confirm(ACCOUNTS.stream(id), ONE).reached()).isTrue();
  }

  @Test
  void aLevelThatIsNotReachedInTimeIsNoFailureToWrite() {
    var append = opened().withDurability(TWO);

    var appended = appended(unreaching().append(append));
    var repeat = appended(unreaching().append(append));

    assertThat(appended.durability()).isEqualTo(Confirmation.unknown(TWO));
    assertThat(appended.durability().reached()).isFalse();
    assertThat(unreaching().read(ACCOUNTS.stream(id), 0, 10)).hasSize(1);
    assertThat(repeat.repeat()).isTrue();
    assertThat(repeat.durability()).isEqualTo(Confirmation.unknown(TWO));
    assertThat(unreaching().confirm(ACCOUNTS.stream(id), TWO).reached()).isFalse();
  }

  @Test
  void aConflictIsAnsweredWithoutWaiting() {
    unreaching().append(opened());
    Duration wait = Duration.ofSeconds(10);
    var patient = Durability.replicas(2, wait);
    Duration fastest = wait;
    // a machine may stand still for as long as that, but not each time
    for (int i = 0; i < 5 && fastest.compareTo(wait) >= 0; i++) {
      long before = System.nanoTime();

      var result = unreaching().append(opened().withDurability(patient));

      fastest = Duration.ofNanos(System.nanoTime() - before);
      assertThat(result).isInstanceOf(AppendResult.Conflict.class);
    }
    assertThat(fastest).isLessThan(wait);
  }

  @Test
  void commandsSayWhatTheyHaveReached() {
    var asked = CommandOptions.defaults().withDurability(TWO).withCommandId("first-" + id);
    var accounts = CommandHandler.on(unreaching(), ACCOUNTS, new AccountDecider()).build();

    var opened = accounts.handle(id, new Open("Alice"), asked);
    var repeat = accounts.handle(id, new Open("Alice"), asked);
    var nothing = accounts.handle(id, new Open("Alice"), asked.withCommandId("other-" + id));
    var plain = accounts.handle(id, new Deposit(5));

    assertThat(opened.events()).hasSize(1);
    assertThat(opened.durability()).isEqualTo(Confirmation.unknown(TWO));
    assertThat(repeat.repeat()).isTrue();
    assertThat(repeat.durability()).isEqualTo(Confirmation.unknown(TWO));
    assertThat(nothing.events()).isEmpty();
    assertThat(nothing.durability()).isEqualTo(Confirmation.unknown(TWO));
    assertThat(plain.durability()).isEqualTo(Confirmation.memory());
    assertThat(plain.events()).containsExactly(new Deposited(5));
  }

  @Test
  void commandsThatReachTheirLevelSaySo() {
    var asked = CommandOptions.defaults().withDurability(ONE).withCommandId("first-" + id);
    var accounts = CommandHandler.on(reaching(), ACCOUNTS, new AccountDecider()).build();

    assertThat(accounts.handle(id, new Open("Alice"), asked).durability().reached()).isTrue();
    assertThat(accounts.handle(id, new Open("Alice"), asked).durability().replicas()).isOne();
    var changesNothing = asked.withCommandId("other-" + id);
    assertThat(accounts.handle(id, new Open("Alice"), changesNothing).durability().asked())
        .isEqualTo(ONE);
  }

  @Test
  void levelsThatMakeNoSenseAreRefused() {
    assertThatThrownBy(() -> Durability.replicas(0, Duration.ofSeconds(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Durability.memory()");
    assertThatThrownBy(() -> Durability.fsync(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("between 1 ms and PT10S");
    assertThatThrownBy(() -> Durability.replicas(1, Duration.ofSeconds(11)))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
