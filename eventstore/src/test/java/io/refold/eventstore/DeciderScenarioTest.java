package io.refold.eventstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
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
import java.util.List;
import org.junit.jupiter.api.Test;

class DeciderScenarioTest {
  private final DeciderScenario<Command, Account, Event> account =
      DeciderScenario.of(new AccountDecider());

  @Test
  void expectedOutcomesPass() {
    account.when(new Open("Alice")).then(new Opened("Alice")).thenState(new Account(true, 0));
    account.given(new Opened("Alice")).when(new Open("Alice")).thenNothing();
    account.when(new Deposit(5)).thenRejected("account-closed");
    account.when(new Deposit(-5)).thenInvalid("cents");
    assertThat(account.given(new Opened("Alice")).when(new Deposit(5)).events())
        .containsExactly(new Deposited(5));
  }

  @Test
  void otherOutcomesFailAndSayWhatHappened() {
    var open = account.given(new Opened("Alice"), new Deposited(5));

    assertThatThrownBy(() -> open.when(new Deposit(5)).then(new Deposited(6)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("when Deposit[cents=5]")
        .hasMessageContaining("expected: events [Deposited[cents=6]]")
        .hasMessageContaining("actual:   events [Deposited[cents=5]]");
    assertThatThrownBy(() -> open.when(new Close()).thenNothing())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("account is not empty");
    assertThatThrownBy(() -> open.when(new Close()).thenRejected("another-code"))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> open.when(new Deposit(1)).thenInvalid("cents"))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> open.when(new Deposit(1)).thenState(new Account(true, 5)))
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void theTimeIsFixed() {
    var clockReader =
        new Decider<String, String, String>() {
          @Override
          public String initialState() {
            return "";
          }

          @Override
          public List<String> decide(String command, String state, Context context) {
            return List.of(context.now().toString(), "version " + context.version());
          }

          @Override
          public String evolve(String state, String event) {
            return event;
          }
        };

    DeciderScenario.of(clockReader)
        .given("something")
        .when("ask")
        .then(DeciderScenario.NOW.toString(), "version 1");
    assertThatCode(() -> DeciderScenario.of(clockReader).at(DeciderScenario.NOW).when("ask"))
        .doesNotThrowAnyException();
  }
}
