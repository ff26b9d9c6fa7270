package io.refold.projections.sql;

import static io.refold.projections.Shop.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Position;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.projections.EventFailure;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Target.Result;
import io.refold.projections.sql.SqlProjection.Naming;
import io.refold.projections.store.Lease;
import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A database that fails is told from an event that fails, and nothing is lost or doubled. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DatabaseAwayTest {
  private final ShopTables tables = new ShopTables(Naming.SUFFIX);
  private final AtomicReference<FaultyDataSource> faults = new AtomicReference<>();
  private final OnePartition one =
      new OnePartition(
          tables,
          source -> {
            faults.set(new FaultyDataSource(source));
            return faults().dataSource();
          });
  private final Lease lease = one.lease("me", 1);

  private FaultyDataSource faults() {
    return Objects.requireNonNull(faults.get());
  }

  private void fill() {
    append(one.events, "a", new Placed("pen"));
    append(one.events, "a", new Paid(1));
  }

  @Test
  void aDatabaseThatRefusesConnectionsIsAway() throws Exception {
    fill();
    faults().cut();
    assertThatThrownBy(() -> one.apply(lease, 0, 2))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("cut on purpose");
    assertThatThrownBy(() -> one.heads.fence(0, lease))
        .isInstanceOf(StoreUnavailableException.class);
    faults().mend();
    assertThat(one.apply(lease, 0, 2)).isInstanceOf(Result.Applied.class);
    assertThat(one.content()).isEqualTo(ShopTables.freshFold(one.events));
  }

  @Test
  void aConnectionThatBreaksUnderTheUsersCodeIsNoFaultOfTheEvent() throws Exception {
    fill();
    tables.probe((view, recorded) -> {
      if (recorded.version() == 2) {
        faults().cut();
      }
    });
    assertThatThrownBy(() -> one.apply(lease, 0, 2)).isInstanceOf(StoreUnavailableException.class);
    faults().mend();
    assertThat(one.content().orders()).isEmpty();
    tables.probe((view, recorded) -> {
      faults().cut();
      throw new IllegalStateException("the code hides what has happened");
    });
    assertThatThrownBy(() -> one.apply(lease, 0, 2)).isInstanceOf(StoreUnavailableException.class);
    faults().mend();
    tables.probe((view, recorded) -> {});
    one.apply(lease, 0, 2);
    assertThat(one.content()).isEqualTo(ShopTables.freshFold(one.events));
  }

  @Test
  void aCommitWhoseReplyIsLostIsNotDoubled() throws Exception {
    fill();
    faults().loseCommits(1);
    assertThatThrownBy(() -> one.apply(lease, 0, 2)).isInstanceOf(ReplyLostException.class);
    assertThat(one.apply(lease, 0, 2))
        .isEqualTo(new Result.Applied(Map.of(0, one.position(2)), List.of()));
    assertThat(one.content()).isEqualTo(ShopTables.freshFold(one.events));
  }

  @Test
  void whatCannotBeRolledBackIsNotCommittedEither() throws Exception {
    fill();
    tables.probe((view, recorded) -> {
      if (recorded.version() == 2) {
        throw new IllegalStateException("poison");
      }
    });
    faults().refuseRollbacks(1);
    assertThatThrownBy(() -> one.apply(lease, 0, 2))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("refused on purpose");
    assertThat(one.content().orders()).isEmpty();
    assertThat(one.head().checkpoint()).isEqualTo(Position.origin(0));
  }

  @Test
  void whatCollidesWithOthersIsRunAgain() throws Exception {
    fill();
    var times = new AtomicInteger();
    tables.probe((view, recorded) -> {
      if (times.incrementAndGet() <= 3) {
        throw new IllegalStateException(new SQLException("deadlock", "40P01"));
      }
    });
    assertThat(one.apply(lease, 0, 2)).isInstanceOf(Result.Applied.class);
    assertThat(one.content()).isEqualTo(ShopTables.freshFold(one.events));
    tables.probe((view, recorded) -> {
      throw new SQLException("deadlock", "40P01");
    });
    append(one.events, "a", new Paid(1));
    assertThatThrownBy(() -> one.apply(lease, 2, 3)).isInstanceOf(StoreUnavailableException.class);
  }

  @Test
  void theStateOfAnExceptionTellsWhetherTheDatabaseIsToBlame() {
    fill();
    for (String away : List.of("08006", "40001", "53300", "55P03", "57P01", "57014", "58030")) {
      assertThatThrownBy(() -> applyFailing(new SQLException("away", away)))
          .as(away)
          .isInstanceOf(StoreUnavailableException.class);
    }
    assertThatThrownBy(() -> applyFailing(new SQLTransientException("away")))
        .isInstanceOf(StoreUnavailableException.class);
    for (String poison : List.of("22001", "23505", "40002", "42P01", "XX000")) {
      assertThatThrownBy(() -> applyFailing(new SQLException("poison", poison)))
          .as(poison)
          .isInstanceOf(EventFailure.class);
    }
    assertThatThrownBy(() -> applyFailing(new SQLException("without a state")))
        .isInstanceOf(EventFailure.class);
    assertThat(one.head().checkpoint()).isEqualTo(Position.origin(0));
  }

  private void applyFailing(SQLException failure) throws EventFailure {
    tables.probe((view, recorded) -> {
      throw failure;
    });
    one.apply(lease, 0, 2);
  }

  @Test
  void anOwnerThatHangsWithinItsTransactionKeepsItsSuccessorWaitingOnlyForAWhile()
      throws Exception {
    fill();
    var hangs = new CountDownLatch(1);
    var goesOn = new CountDownLatch(1);
    tables.probe((view, recorded) -> {
      if (recorded.version() == 2) {
        hangs.countDown();
        await(goesOn);
      }
    });
    var stale =
        CompletableFuture.supplyAsync(() -> {
          try {
            return one.apply(lease, 0, 2);
          } catch (EventFailure failure) {
            throw new AssertionError(failure);
          }
        });
    await(hangs);
    Lease successor = one.lease("successor", 2); // waits for the stale owner's lock
    tables.probe((view, recorded) -> {});
    assertThat(one.head().checkpoint()).isEqualTo(Position.origin(0));
    assertThat(one.apply(successor, 0, 2)).isInstanceOf(Result.Applied.class);
    goesOn.countDown();
    assertThatThrownBy(() -> stale.get(20, TimeUnit.SECONDS))
        .cause()
        .isInstanceOf(StoreUnavailableException.class);
    assertThat(one.content()).isEqualTo(ShopTables.freshFold(one.events));
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
