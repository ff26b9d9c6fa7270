package io.refold.eventstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Accounts.Account;
import io.refold.eventstore.Accounts.Command;
import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Accounts.Event;
import io.refold.eventstore.Accounts.Open;
import io.refold.eventstore.Accounts.Opened;
import io.refold.eventstore.UniqueValues.Claim;
import io.refold.eventstore.UniqueValues.Holding;
import io.refold.eventstore.UniqueValues.Reservation;
import io.refold.eventstore.UniqueValues.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What unique values promise where processes die, stall and contend. */
public abstract class UniqueValuesCrashContract extends UniqueValuesGivenUpContract {
  @Test
  void aCommandThatDiedBeforeItsAppendIsCancelledAndItsLateAppendRefused() {
    reserved(alice, "c1");
    expire(value);

    Reservation taken = reserved(bob, "c2");

    assertThat(types(alice)).containsExactly("$cancelled");
    assertThat(appending(alice, "c1", new Opened(value)))
        .isEqualTo(new AppendResult.Refused(alice, AppendResult.Reason.CANCELLED));
    assertThat(names().confirm(taken)).isTrue();
    assertThat(names().ownerOf(value)).contains(bob);
  }

  @Test
  void aStalledOwnerLearnsThatItsCommandWasCancelled() {
    CommandHandler<Command, Account, Event> accounts = accounts();

    assertThatThrownBy(() ->
            names()
                .claim(
                    value,
                    alice,
                    "c1",
                    HOLD,
                    options -> {
                      expire(value);
                      names().confirm(reserved(bob, "c2"));
                      return accounts.handle(alice.id(), new Open(value), options);
                    }))
        .isInstanceOf(CommandCancelledException.class);
    assertThat(names().find(value)).contains(new Holding(value, bob, "c2", true));
    assertThat(accounts.handle(alice.id(), new Open("another")).version()).isEqualTo(2);
  }

  @Test
  void aCommandThatDiedAfterItsAppendHasTheValueForGood() {
    reserved(alice, "c1");
    append(alice, "c1", new Opened(value));
    expire(value);

    assertTaken(bob, alice);

    assertThat(names().find(value)).contains(new Holding(value, alice, "c1", true));
    assertThat(types(alice)).containsExactly("opened");
  }

  @Test
  void aCommandIsFoundHoweverManyEventsStandAroundIt() {
    Event[] many = IntStream.range(0, 600).mapToObj(Deposited::new).toArray(Event[]::new);
    append(alice, "before-1", many);
    append(alice, "before-2", many);
    reserved(alice, "c1");
    append(alice, "c1", new Opened(value));
    append(alice, "behind", many);
    expire(value);

    assertTaken(bob, alice);
    assertThat(names().find(value)).contains(new Holding(value, alice, "c1", true));
    assertThat(store().read(alice, 0, 10_000)).as("without a mark").hasSize(1_801);
  }

  @Test
  void aContenderThatDiedAfterItsMarkStandsInNobodysWay() {
    reserved(alice, "c1");
    expire(value);
    store().mark(alice, new StreamMark.Cancelled(), ExpectedVersion.any(), "c1");

    Reservation taken = reserved(bob, "c2");

    assertThat(types(alice)).containsExactly("$cancelled");
    assertThat(names().release(taken)).as("nothing is left of the first one").isTrue();
  }

  @Test
  void aContenderThatDiesLeavesAReservationThatExpires() {
    reserved(alice, "c1");
    expire(value);
    reserved(bob, "c2");
    expire(value);

    reserved(alice, "c3");

    assertThat(types(bob)).containsExactly("$cancelled");
  }

  @Test
  void aClosedOwnerHasTheValueOnlyIfItsCommandHasWritten() {
    reserved(alice, "c1");
    append(alice, "c1", new Opened(value));
    store().close(alice, ExpectedVersion.any());
    expire(value);
    assertTaken(bob, alice);
    names().giveUp(names().find(value).orElseThrow());

    StreamId closed = newOwner();
    reserved(closed, "c2");
    append(closed, "other", new Opened("other"));
    store().close(closed, ExpectedVersion.any());
    expire(value);
    reserved(bob, "c3");
    assertThat(types(closed)).containsExactly("opened", "$closed");
    assertThat(appending(closed, "c2", new Opened(value))).isInstanceOf(AppendResult.Refused.class);
  }

  @Test
  void aDeletedOwnerHasOnlyWhatWasConfirmed() {
    reserved(alice, "c1");
    append(alice, "c1", new Opened(value));
    store().delete(alice, ExpectedVersion.any());
    expire(value);

    names().confirm(reserved(bob, "c2"));
    append(bob, "c2", new Opened(value));
    store().delete(bob, ExpectedVersion.any());
    expire(value);

    assertTaken(newOwner(), bob);
  }

  @Test
  void ofContendersForAnExpiredValueExactlyOneWins() throws Exception {
    for (int round = 0; round < 10; round++) {
      String contended = value + round;
      StreamId late = newOwner();
      names().reserve(contended, late, "late", HOLD);
      expire(contended);
      var barrier = new CyclicBarrier(8);
      List<Result> results =
          inParallel(
              8,
              number -> {
                barrier.await();
                return names().reserve(contended, newOwner(), "c" + number, HOLD);
              });

      assertThat(results).filteredOn(Result.Reserved.class::isInstance).hasSize(1);
      assertThat(types(late)).containsExactly("$cancelled");
    }
  }

  @Test
  void ofManyClaimsOfOneValueExactlyOneSucceeds() throws Exception {
    CommandHandler<Command, Account, Event> accounts = accounts();
    List<StreamId> owners = IntStream.range(0, 64).mapToObj(i -> newOwner()).toList();
    List<Claim<?>> claims =
        inParallel(
            64,
            number -> {
              StreamId owner = owners.get(number);
              return names()
                  .claim(
                      value,
                      owner,
                      "open-" + number,
                      HOLD,
                      options -> accounts.handle(owner.id(), new Open(value), options));
            });

    assertThat(claims).filteredOn(Claim.Claimed.class::isInstance).hasSize(1);
    List<StreamId> written = owners.stream().filter(owner -> !types(owner).isEmpty()).toList();
    assertThat(written).hasSize(1);
    assertThat(names().find(value).orElseThrow().confirmed()).isTrue();
    assertThat(names().ownerOf(value)).contains(written.getFirst());
  }

  @Test
  void whileReservationsExpireAllTheTimeTwoOwnersNeverWrite() throws Exception {
    CommandHandler<Command, Account, Event> accounts = accounts();
    List<StreamId> owners = IntStream.range(0, 64).mapToObj(i -> newOwner()).toList();
    var outcomes =
        inParallel(
            64,
            number -> {
              StreamId owner = owners.get(number);
              try {
                return names()
                    .claim(
                        value,
                        owner,
                        "open-" + number,
                        HOLD,
                        options -> {
                          expire(value);
                          return accounts.handle(owner.id(), new Open(value), options);
                        });
              } catch (CommandCancelledException tooLate) {
                return new Claim.Taken<>(owner);
              }
            });

    assertThat(outcomes).filteredOn(Claim.Claimed.class::isInstance).hasSize(1);
    List<StreamId> written =
        owners.stream().filter(owner -> types(owner).contains("opened")).toList();
    assertThat(written).hasSize(1);
    assertThat(names().find(value).orElseThrow().confirmed()).isTrue();
    assertThat(names().ownerOf(value)).contains(written.getFirst());
  }

  private interface Numbered<T> {
    T call(int number) throws Exception;
  }

  private static <T> List<T> inParallel(int threads, Numbered<? extends T> work) throws Exception {
    try (var executor = Executors.newFixedThreadPool(threads)) {
      var futures = new ArrayList<Future<T>>();
      for (int i = 0; i < threads; i++) {
        int number = i;
        Callable<T> call = () -> work.call(number);
        futures.add(executor.submit(call));
      }
      var results = new ArrayList<T>();
      for (Future<T> future : futures) {
        results.add(future.get(40, TimeUnit.SECONDS));
      }
      return results;
    }
  }
}
