package io.refold.projections.sql;

import static io.refold.projections.Shop.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Position;
import io.refold.eventstore.StreamMark;
import io.refold.projections.EventFailure;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Order;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Target.Result;
import io.refold.projections.sql.SqlProjection.Naming;
import io.refold.projections.store.Heads.Fencing;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Parking;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What applying events to tables promises, without the engine around it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SqlTargetTest {
  private final ShopTables tables = new ShopTables(Naming.SUFFIX);
  private final OnePartition one = new OnePartition(tables);

  private void pay(String order, int times) {
    for (int i = 0; i < times; i++) {
      append(one.events, order, new Paid(1));
    }
  }

  private static Result applied(Position last) {
    return new Result.Applied(Map.of(0, last), List.of());
  }

  @Test
  void whatIsDeliveredAgainChangesNothing() throws Exception {
    append(one.events, "a", new Placed("pen"));
    pay("a", 5);
    Lease lease = one.lease("me", 1);
    assertThat(one.apply(lease, 0, 3)).isEqualTo(applied(one.position(3)));
    assertThat(one.apply(lease, 0, 3)).isEqualTo(applied(one.position(3)));
    assertThat(one.apply(lease, 1, 6)).as("half of it known").isEqualTo(applied(one.position(6)));
    assertThat(one.apply(lease, 0, 2)).as("long known").isEqualTo(applied(one.position(6)));
    assertThat(one.content().orders())
        .containsExactly(Map.entry("a", new Order("pen", 5, 6, null)));
    assertThat(one.content()).isEqualTo(ShopTables.freshFold(one.events));
    assertThat(one.head().checkpoint()).isEqualTo(one.position(6));
  }

  @Test
  void anOwnerThatWasReplacedChangesNothing() throws Exception {
    append(one.events, "a", new Placed("pen"));
    Lease stale = one.lease("stale", 1);
    Lease successor = one.lease("successor", 2);
    assertThat(one.apply(stale, 0, 1)).isEqualTo(new Result.NotOwner());
    assertThat(one.heads.fence(0, stale)).isEqualTo(new Fencing.Refused(2));
    var namesake = new Lease(one.generation, 0, "another", 2);
    assertThat(one.heads.fence(0, namesake)).isEqualTo(new Fencing.Refused(2));
    assertThat(one.apply(namesake, 0, 1)).isEqualTo(new Result.NotOwner());
    assertThat(one.content().orders()).isEmpty();
    assertThat(one.heads.fence(0, successor)).isEqualTo(new Fencing.Done());
    assertThat(one.apply(successor, 0, 1)).isEqualTo(applied(one.position(1)));
  }

  @Test
  void aShardThatIsBehindWhatWasSettledIsNotWrittenTo() throws Exception {
    append(one.events, "a", new Placed("pen"));
    pay("a", 2);
    Lease lease = one.lease("me", 1);
    one.apply(lease, 0, 1);
    var recorded = Map.of(0, one.position(2));
    assertThat(one.target.apply(lease, one.between(2, 3), one.position(3), Parking.NONE, recorded))
        .isEqualTo(new Result.Regressed(0));
    assertThat(one.content().orders()).containsValue(new Order("pen", 0, 1, null));
  }

  @Test
  void aGenerationThatIsGoneIsNotWrittenTo() throws Exception {
    append(one.events, "a", new Placed("pen"));
    Lease lease = one.lease("me", 1);
    one.heads.delete(one.generation, 0, List.of());
    assertThat(one.apply(lease, 0, 1)).isEqualTo(new Result.Gone());
    assertThat(one.heads.fence(0, lease)).isEqualTo(new Fencing.Gone());
    assertThat(one.heads.head(one.generation, 0, 0)).isEmpty();
    assertThat(ShopTables.tables(one.database)).isEmpty();
  }

  @Test
  void anEventThatFailsTakesItsWholeBatchBack() throws Exception {
    append(one.events, "a", new Placed("pen"), new Paid(1));
    append(one.events, "b", new Placed("ink"), new Paid(13));
    append(one.events, "c", new Placed("pad"));
    tables.probe((view, recorded) -> {
      if (recorded.event().equals(new Paid(13))) {
        view.update("INSERT INTO nowhere VALUES (13)");
      }
    });
    Lease lease = one.lease("me", 1);
    assertThatThrownBy(() -> one.apply(lease, 0, 3))
        .isInstanceOf(EventFailure.class)
        .hasMessageContainingAll("event 2 of order:b", "nowhere");
    assertThat(one.content().orders()).isEmpty();
    assertThat(one.head().checkpoint()).isEqualTo(Position.origin(0));
    assertThat(one.apply(lease, 0, 1)).isEqualTo(applied(one.position(1)));
    assertThat(one.content().orders()).containsOnlyKeys("a");
  }

  @Test
  void aFailureThatCodeHidesIsFoundAtTheEventThatHasIt() {
    append(one.events, "a", new Placed("pen"));
    append(one.events, "b", new Placed("ink"), new Paid(13), new Paid(1));
    append(one.events, "c", new Placed("pad"));
    tables.probe((view, recorded) -> {
      if (recorded.event().equals(new Paid(13))) {
        try {
          view.update("INSERT INTO nowhere VALUES (13)");
        } catch (SQLException hidden) {
          throw new IllegalStateException("13 is refused");
        }
      }
    });
    Lease lease = one.lease("me", 1);
    assertThatThrownBy(() -> one.apply(lease, 0, 3))
        .isInstanceOf(EventFailure.class)
        .hasMessageContaining("event 2 of order:b");
  }

  /** Payments, each of an order in another table; that is checked at the transaction's end. */
  private static final class Payments implements SqlProjection {
    @Override
    public String name() {
      return "payments";
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public List<SqlSource> sources() {
      return List.of(
          SqlSource.byStream(
              Shop.ORDERS,
              (view, recorded) -> {
                switch (recorded.event()) {
                  case Placed placed ->
                      view.update(
                          "INSERT INTO %s VALUES (?)".formatted(view.table("orders")),
                          recorded.id());
                  case Paid(var cents) when cents < 0 -> {
                    try {
                      view.update("INSERT INTO nowhere VALUES (13)");
                    } catch (SQLException swallowed) {
                      return;
                    }
                  }
                  case Paid paid ->
                      view.update(
                          "INSERT INTO %s VALUES (?)".formatted(view.table("payments")),
                          recorded.id());
                  case Shop.Cancelled cancelled ->
                      view.update(
                          "DELETE FROM %s WHERE id = ?".formatted(view.table("orders")),
                          recorded.id());
                }
              }));
    }

    @Override
    public void create(SqlView view) throws SQLException {
      view.update("CREATE TABLE %s (id VARCHAR(256) PRIMARY KEY)".formatted(view.table("orders")));
      view.update(
          """
          CREATE TABLE %s (
            id VARCHAR(256) NOT NULL REFERENCES %s (id) DEFERRABLE INITIALLY DEFERRED)\
          """
              .formatted(view.table("payments"), view.table("orders")));
    }
  }

  @Test
  void aConstraintThatIsCheckedLateIsTheFaultOfTheEventThatBreaksIt() throws Exception {
    var late = new OnePartition(new Payments());
    append(late.events, "a", new Placed("pen"), new Paid(1));
    append(late.events, "b", new Paid(1));
    append(late.events, "c", new Placed("pad"));
    Lease lease = late.lease("me", 1);
    assertThatThrownBy(() -> late.apply(lease, 0, 3))
        .isInstanceOf(EventFailure.class)
        .hasMessageContaining("event 1 of order:b");
    assertThat(late.head().checkpoint()).isEqualTo(Position.origin(0));
    assertThat(late.apply(lease, 0, 1)).isEqualTo(applied(late.position(1)));
  }

  @Test
  void aFailedStatementThatCodeSwallowsIsTheFaultOfItsEvent() {
    var late = new OnePartition(new Payments());
    append(late.events, "a", new Placed("pen"));
    append(late.events, "b", new Placed("ink"), new Paid(-1));
    Lease lease = late.lease("me", 1);
    assertThatThrownBy(() -> late.apply(lease, 0, 2))
        .as("at the batch's end")
        .isInstanceOf(EventFailure.class)
        .hasMessageContaining("event 2 of order:b");
    append(late.events, "c", new Placed("pad"));
    assertThatThrownBy(() -> late.apply(lease, 0, 3))
        .as("with an innocent one behind it")
        .isInstanceOf(EventFailure.class)
        .hasMessageContaining("event 2 of order:b");
  }

  @Test
  void aDeletedStreamTakesItsRowsWithItIfTheSourceSaysSo() throws Exception {
    append(one.events, "a", new Placed("pen"));
    append(one.events, "b", new Placed("ink"));
    Lease lease = one.lease("me", 1);
    one.apply(lease, 0, 2);
    one.events.delete(Shop.ORDERS.stream("a"), ExpectedVersion.any());
    assertThat(one.apply(lease, 2, 3)).isEqualTo(applied(one.position(3)));
    assertThat(one.content().orders()).containsOnlyKeys("b");
  }

  @Test
  void aMarkThatNoCodeAnswersIsReported() throws Exception {
    append(one.events, "a", new Placed("pen"));
    one.events.mark(
        Shop.ORDERS.stream("a"), new StreamMark.Forgotten("ada"), ExpectedVersion.any(), "f");
    one.events.mark(Shop.ORDERS.stream("a"), new StreamMark.Closed(), ExpectedVersion.any(), "c");
    Lease lease = one.lease("me", 1);
    var forgotten = one.between(1, 2).getFirst();
    assertThat(one.apply(lease, 0, 3))
        .isEqualTo(new Result.Applied(Map.of(0, one.position(3)), List.of(forgotten)));
    assertThat(one.apply(lease, 0, 3))
        .as("also when only settling has failed")
        .isEqualTo(new Result.Applied(Map.of(0, one.position(3)), List.of(forgotten)));

    var silent = new OnePartition(new Payments());
    append(silent.events, "a", new Placed("pen"));
    silent.events.delete(Shop.ORDERS.stream("a"), ExpectedVersion.any());
    assertThat(silent.apply(silent.lease("me", 1), 1, 2))
        .isEqualTo(new Result.Applied(Map.of(0, silent.position(2)), silent.between(1, 2)));
  }
}
