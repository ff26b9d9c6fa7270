package io.refold.eventstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.Opened;
import io.refold.eventstore.UniqueValues.Claim;
import io.refold.eventstore.UniqueValues.Holding;
import io.refold.eventstore.UniqueValues.Reservation;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What unique values tell a command that succeeds when its reservation has expired. */
public abstract class UniqueValuesLateContract extends UniqueValuesContract {
  @Test
  void aLateCommandWithoutEventsUnderItsIdInItsStreamLosesTheValueToWhoeverHasTakenIt() {
    List<Runnable> actions =
        List.of(
            () -> {},
            () -> append(newOwner(), "c1", new Opened(value)),
            () -> append(alice, "another", new Opened(value)));
    for (Runnable action : actions) {
      for (boolean confirmed : List.of(true, false)) {
        Claim<String> claim =
            late(() -> {
              Reservation taken = reserved(bob, CommandIds.random());
              if (confirmed) {
                names().confirm(taken);
              }
              action.run();
            });

        assertThat(claim).isEqualTo(new Claim.Taken<>(bob));
        free();
      }
    }
  }

  @Test
  void aLateCommandWithoutEventsFailsIfTheValueIsNobodysAgain() {
    assertThatThrownBy(() -> late(() -> names().release(reserved(bob, "c2"))))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("name '" + value + "' is nobody's: command c1 took longer")
        .hasMessageContaining(alice.toString())
        .hasMessageContaining("under another command id");
    assertThat(names().find(value)).isEmpty();
  }

  @Test
  void aLateCommandHasClaimedWhatItsOwnerHolds() {
    Claim<String> held =
        late(() -> {
          append(alice, "c1", new Opened(value));
          assertTaken(bob, alice);
          names().confirm(reserved(alice, "c3"));
        });
    assertThat(held).isEqualTo(new Claim.Claimed<>("done"));
    assertThat(names().find(value)).contains(new Holding(value, alice, "c3", true));
  }

  @Test
  void aLateCommandHasClaimedWhatItsOwnerHasGivenUpSince() {
    Claim<String> givenUp =
        late(() -> {
          append(alice, "c1", new Opened(value));
          assertTaken(bob, alice);
          free();
        });
    assertThat(givenUp).isEqualTo(new Claim.Claimed<>("done"));
    assertThat(names().find(value)).isEmpty();
  }

  /** Claims for alice with a command that does all this after its time has run out. */
  private Claim<String> late(Runnable action) {
    return names()
        .claim(
            value,
            alice,
            "c1",
            HOLD,
            options -> {
              expire(value);
              action.run();
              return "done";
            });
  }

  private void free() {
    Holding holding = names().find(value).orElseThrow();
    names().confirm(new Reservation(value, holding.owner(), holding.commandId(), "any"));
    assertThat(names().giveUp(names().find(value).orElseThrow())).isTrue();
  }
}
