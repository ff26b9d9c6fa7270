package io.refold.eventstore;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Accounts.Opened;
import io.refold.eventstore.UniqueValues.Claim;
import io.refold.eventstore.UniqueValues.Holding;
import io.refold.eventstore.UniqueValues.Reservation;
import io.refold.eventstore.UniqueValues.Result;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What unique values answer to a claim that is repeated after its value was given up. */
public abstract class UniqueValuesGivenUpContract extends UniqueValuesLateContract {
  private void hold(StreamId owner, String commandId) {
    names().confirm(reserved(owner, commandId));
  }

  private void giveUp() {
    assertThat(names().giveUp(names().find(value).orElseThrow())).isTrue();
  }

  private void assertGivenUp(StreamId owner, String commandId) {
    assertThat(names().reserve(value, owner, commandId, HOLD)).isEqualTo(new Result.GivenUp());
  }

  @Test
  void aClaimThatIsRepeatedAfterItsValueWasGivenUpHoldsNothing() {
    CommandHandler<Accounts.Command, Accounts.Account, Accounts.Event> accounts = accounts();
    Claim<?> first = claim(accounts);
    assertThat(first).isInstanceOf(Claim.Claimed.class);
    giveUp();

    Claim<?> again = claim(accounts);

    assertThat(names().find(value)).isEmpty();
    assertThat(again).isEqualTo(new Claim.GivenUp<>());
    hold(bob, "c2");
    assertThat(claim(accounts)).as("while another has it").isEqualTo(new Claim.GivenUp<>());
    assertThat(names().find(value)).contains(new Holding(value, bob, "c2", true));
  }

  private Claim<Handled<Accounts.Account, Accounts.Event>> claim(
      CommandHandler<Accounts.Command, Accounts.Account, Accounts.Event> accounts) {
    return names()
        .claim(
            value,
            alice,
            "c1",
            HOLD,
            options -> accounts.handle(alice.id(), new Accounts.Open(value), options));
  }

  @Test
  void whatHappenedToTheValueSinceDoesNotMatter() {
    hold(alice, "c1");
    giveUp();
    Reservation refused = reserved(bob, "c2");
    assertGivenUp(alice, "c1");
    assertThat(names().release(refused)).isTrue();
    assertGivenUp(alice, "c1");
    reserved(bob, "c3");
    expire(value);
    assertGivenUp(alice, "c1");
    hold(alice, "c4");
    assertGivenUp(alice, "c1");
    giveUp();
    hold(bob, "c5");
    giveUp();

    assertGivenUp(alice, "c1");
    assertGivenUp(alice, "c4");
    assertGivenUp(bob, "c5");
    assertThat(names().find(value)).isEmpty();
  }

  @Test
  void earlierClaimsOfTheOwnerEndTogetherWithTheLast() {
    hold(alice, "c1");
    hold(alice, "c2");
    hold(alice, "c1");
    hold(alice, "c3");
    assertThat(names().find(value)).contains(new Holding(value, alice, "c3", true));
    giveUp();

    for (String commandId : List.of("c1", "c2", "c3")) {
      assertGivenUp(alice, commandId);
    }
  }

  @Test
  void commandsAreRememberedForTheirOwnerOnly() {
    hold(alice, "c1");
    giveUp();

    hold(bob, "c1");
    giveUp();
    hold(newOwner(), "c1");
  }

  @Test
  void aCommandThatHadTheValueDoesNotGetAnExpiredReservation() {
    append(alice, "c1", new Opened(value));
    hold(alice, "c1");
    giveUp();
    reserved(bob, "c2");
    expire(value);
    Holding expired = names().find(value).orElseThrow();

    var late = new Reservation(value, alice, "c1", "late");
    assertThat(register().replace(expired, late, HOLD)).isFalse();

    assertThat(names().ownerOf(value)).contains(bob);
  }

  @Test
  void theLastCommandsAreRemembered() {
    hold(alice, "first");
    giveUp();
    hold(alice, "second");
    giveUp();
    for (int i = 2; i <= ValueRegister.MOST_REMEMBERED; i++) {
      hold(bob, "c" + i);
      giveUp();
    }

    assertGivenUp(alice, "second");
    assertThat(names().reserve(value, ACCOUNTS.stream(alice.id()), "first", HOLD))
        .isInstanceOf(Result.Reserved.class);
  }
}
