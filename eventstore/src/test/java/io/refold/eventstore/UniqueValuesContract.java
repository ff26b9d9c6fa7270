package io.refold.eventstore;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.Account;
import io.refold.eventstore.Accounts.AccountDecider;
import io.refold.eventstore.Accounts.Command;
import io.refold.eventstore.Accounts.Deposit;
import io.refold.eventstore.Accounts.Event;
import io.refold.eventstore.Accounts.Open;
import io.refold.eventstore.UniqueValues.Claim;
import io.refold.eventstore.UniqueValues.Holding;
import io.refold.eventstore.UniqueValues.Reservation;
import io.refold.eventstore.UniqueValues.Result;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What unique values promise, whatever keeps them; an implementation says how to get them. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class UniqueValuesContract {
  protected static final Duration HOLD = Duration.ofMinutes(5);

  protected final String value = "name-" + UUID.randomUUID();
  protected final StreamId alice = newOwner();
  protected final StreamId bob = newOwner();

  /** Returns a store; it may hold other tests' streams. */
  protected abstract EventStore store();

  /** Returns the scope "name" of that store, always the same. */
  protected abstract UniqueValues names();

  /** Returns what keeps the values of {@link #names}. */
  protected abstract ValueRegister register();

  /** Lets the time of a reservation go by. */
  protected abstract void expire(String reserved);

  protected CommandHandler<Command, Account, Event> accounts() {
    return CommandHandler.on(store(), ACCOUNTS, new AccountDecider()).build();
  }

  protected static StreamId newOwner() {
    return ACCOUNTS.stream(UUID.randomUUID().toString());
  }

  protected Reservation reserved(StreamId owner, String commandId) {
    Result result = names().reserve(value, owner, commandId, HOLD);
    assertThat(result).isInstanceOf(Result.Reserved.class);
    return ((Result.Reserved) result).reservation();
  }

  protected void assertTaken(StreamId contender, StreamId owner) {
    assertThat(names().reserve(value, contender, "of " + contender, HOLD))
        .isEqualTo(new Result.Taken(owner));
  }

  protected void append(StreamId stream, String commandId, Event... events) {
    assertThat(appending(stream, commandId, events)).isInstanceOf(AppendResult.Appended.class);
  }

  protected AppendResult appending(StreamId stream, String commandId, Event... events) {
    return store()
        .append(
            Append.of(ACCOUNTS, stream.id(), ExpectedVersion.any(), List.of(events))
                .withCommandId(commandId));
  }

  protected List<String> types(StreamId stream) {
    return store().read(stream, 0, 100).stream().map(event -> event.payload().type()).toList();
  }

  @Test
  void aValueIsReservedConfirmedAndGivenUp() {
    assertThat(names().find(value)).isEmpty();
    Reservation reservation = reserved(alice, "c1");
    assertThat(names().find(value)).contains(new Holding(value, alice, "c1", false));
    assertTaken(bob, alice);

    assertThat(names().confirm(reservation)).isTrue();
    assertThat(names().confirm(reservation)).as("again").isTrue();
    expire(value);
    assertTaken(bob, alice);
    assertThat(names().ownerOf(value)).contains(alice);

    Holding holding = names().find(value).orElseThrow();
    assertThat(holding).isEqualTo(new Holding(value, alice, "c1", true));
    assertThat(names().giveUp(holding)).isTrue();
    assertThat(names().giveUp(holding)).as("again").isTrue();
    assertThat(names().confirm(reservation)).as("a late confirmation").isFalse();
    assertThat(names().ownerOf(value)).isEmpty();
    reserved(bob, "c2");
  }

  @Test
  void theSameCommandReservesAgainAndExtendsTheTime() {
    reserved(alice, "c1");
    expire(value);
    Reservation again = reserved(alice, "c1");

    assertTaken(bob, alice);
    assertThat(names().reserve(value, alice, "c2", HOLD))
        .as("another command of the same owner")
        .isEqualTo(new Result.Taken(alice));
    assertThat(names().confirm(again)).isTrue();
  }

  @Test
  void onlyTheOwnersCommandConfirmsReleasesAndGivesUp() {
    Reservation reservation = reserved(alice, "c1");
    var strangers =
        List.of(
            new Reservation(value, bob, "c1", reservation.attempt()),
            new Reservation(value, alice, "c2", reservation.attempt()));
    for (Reservation stranger : strangers) {
      assertThat(names().confirm(stranger)).isFalse();
      assertThat(names().release(stranger)).isFalse();
    }
    assertThat(names().giveUp(new Holding(value, alice, "c1", true)))
        .as("what is not confirmed")
        .isFalse();
    assertThat(names().find(value)).contains(new Holding(value, alice, "c1", false));

    names().confirm(reservation);
    for (Reservation stranger : strangers) {
      assertThat(names().confirm(stranger)).isFalse();
      assertThat(names().giveUp(new Holding(value, stranger.owner(), stranger.commandId(), true)))
          .isFalse();
    }
    assertThat(names().release(reservation)).as("what is confirmed").isFalse();
    assertThat(names().find(value)).contains(new Holding(value, alice, "c1", true));
  }

  @Test
  void aReleasedValueIsFreeAndNothingIsMarked() {
    Reservation reservation = reserved(alice, "c1");

    assertThat(names().release(reservation)).isTrue();
    assertThat(names().release(reservation)).as("again").isTrue();
    reserved(bob, "c2");
    assertThat(names().release(reservation)).as("somebody else's now").isFalse();
    assertThat(names().ownerOf(value)).contains(bob);
    assertThat(types(alice)).isEmpty();
  }

  @Test
  void aRefusedAttemptDoesNotFreeWhatAnotherAttemptOfTheCommandMayStillWrite() {
    for (boolean firstIsRefused : List.of(true, false)) {
      Reservation first = reserved(alice, "c1");
      Reservation second = reserved(alice, "c1");
      Reservation refused = firstIsRefused ? first : second;
      Reservation slow = firstIsRefused ? second : first;

      assertThat(names().release(refused)).isFalse();
      assertThat(names().release(refused)).as("again").isFalse();
      assertTaken(bob, alice);
      assertThat(names().release(slow)).isTrue();
    }
  }

  @Test
  void aValueThatWasConfirmedAtTheLastMomentIsNotReplaced() {
    Reservation reservation = reserved(alice, "c1");
    Holding expired = names().find(value).orElseThrow();
    names().confirm(reservation);

    assertThat(register().replace(expired, new Reservation(value, bob, "c2", "a"), HOLD)).isFalse();
    assertThat(names().find(value)).contains(new Holding(value, alice, "c1", true));
  }

  @Test
  void anOwnerThatClaimsAgainWhatItHoldsKeepsItWhateverHappens() {
    names().confirm(reserved(alice, "c1"));
    Holding before = names().find(value).orElseThrow();

    Reservation again = reserved(alice, "c2");
    assertThat(names().giveUp(before)).as("a late call of an earlier command").isFalse();
    assertThat(names().release(again)).isFalse();

    assertThat(names().find(value)).contains(new Holding(value, alice, "c2", true));
  }

  @Test
  void aSuccessfulClaimIsConfirmedAndItsRepeatIsTheSameClaim() {
    CommandHandler<Command, Account, Event> accounts = accounts();
    for (int i = 0; i < 2; i++) {
      Claim<Handled<Account, Event>> claim =
          names()
              .claim(
                  value,
                  alice,
                  "c1",
                  HOLD,
                  options -> accounts.handle(alice.id(), new Open(value), options));
      assertThat(claim).isInstanceOf(Claim.Claimed.class);
      assertThat(((Claim.Claimed<Handled<Account, Event>>) claim).result().repeat())
          .isEqualTo(i > 0);
    }

    assertThat(names().find(value)).contains(new Holding(value, alice, "c1", true));
    assertThat(names().claim(value, bob, "c2", HOLD, options -> bug()))
        .isEqualTo(new Claim.Taken<>(alice));
  }

  private static String bug() {
    throw new AssertionError("the command must not be handled");
  }

  @Test
  void aRefusedClaimReleasesTheValue() {
    CommandHandler<Command, Account, Event> accounts = accounts();
    List<Command> refused = List.of(new Deposit(5), new Deposit(-5));
    for (Command command : refused) {
      assertThatThrownBy(() ->
              names()
                  .claim(
                      value,
                      alice,
                      "c1",
                      HOLD,
                      options -> accounts.handle(alice.id(), command, options)))
          .isInstanceOf(CommandException.class);
      assertThat(names().find(value)).isEmpty();
    }
  }

  @Test
  void aClaimOfUnknownOutcomeKeepsTheValueReserved() {
    List<RuntimeException> unknown =
        List.of(
            new CommandOutcomeUnknownException(alice, "c1", new IllegalStateException("lost")),
            new StoreUnavailableException("away", null),
            new IllegalStateException("broken"));
    for (RuntimeException failure : unknown) {
      assertThatThrownBy(() ->
              names()
                  .claim(
                      value,
                      alice,
                      "c1",
                      HOLD,
                      options -> {
                        throw failure;
                      }))
          .isSameAs(failure);
      assertThat(names().find(value)).contains(new Holding(value, alice, "c1", false));
    }
  }

  @Test
  void aValueMayHaveAnyText() {
    var texts =
        List.of(
            "{x}",
            "a:b",
            " ",
            "line\nbreak\0",
            "Zoë 🚗",
            "ä".repeat(256),
            "x}{y",
            "a}b{c}",
            "}{d}",
            "}b{e}",
            "\"'\\");
    for (String text : texts) {
      String unique = text.length() > 200 ? text : text + value;
      assertThat(names().reserve(unique, alice, "c1", HOLD)).isInstanceOf(Result.Reserved.class);
      assertThat(names().find(unique)).contains(new Holding(unique, alice, "c1", false));
      assertThat(names().reserve(unique, bob, "c2", HOLD)).isEqualTo(new Result.Taken(alice));
    }
  }

  @Test
  void whatIsNotAllowedIsRefused() {
    for (String wrong : List.of("", "x".repeat(257), "\ud83d")) {
      assertThatThrownBy(() -> names().reserve(wrong, alice, "c1", HOLD))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("name");
      assertThatThrownBy(() -> names().find(wrong)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> names().reserve(value, alice, "", HOLD))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> names().reserve(value, alice, "c1", Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("PT0S");
  }
}
