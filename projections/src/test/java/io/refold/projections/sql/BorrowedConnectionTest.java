package io.refold.projections.sql;

import static io.refold.projections.Shop.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Position;
import io.refold.projections.EventFailure;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Target.Result;
import io.refold.projections.sql.SqlProjection.Naming;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Parking;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The transaction in which the user's code runs ends when Refold says so. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BorrowedConnectionTest {
  private final ShopTables tables = new ShopTables(Naming.SUFFIX);
  private final OnePartition one = new OnePartition(tables);

  @Test
  void codeCannotEndTheTransaction() throws Exception {
    append(one.events, "a", new Placed("pen"));
    append(one.events, "b", new Placed("ink"), new Paid(13));
    Lease lease = one.lease("me", 1);
    List<ShopTables.Probe> endings =
        List.of(
            (view, recorded) -> view.connection().commit(),
            (view, recorded) -> view.connection().rollback(),
            (view, recorded) -> view.connection().setAutoCommit(true),
            (view, recorded) -> view.connection().setSchema("pg_temp"),
            (view, recorded) -> view.connection().setCatalog("other"),
            (view, recorded) -> view.update("COMMIT"),
            (view, recorded) -> view.update(" /* all */ -- of it\n rollback work"),
            (view, recorded) -> execute(view, "end"),
            (view, recorded) -> execute(view, ";ABORT"),
            (view, recorded) -> execute(view, "Prepare Transaction 'x'"),
            (view, recorded) -> view.connection().getMetaData().getConnection().commit(),
            (view, recorded) -> {
              try (var statement = view.connection().createStatement()) {
                statement.getConnection().rollback();
              }
            });
    for (ShopTables.Probe ending : endings) {
      tables.probe((view, recorded) -> {
        if (recorded.version() == 2) {
          ending.meet(view, recorded);
        }
      });
      assertThatThrownBy(() -> one.apply(lease, 0, 2))
          .isInstanceOf(EventFailure.class)
          .hasMessageContainingAll("event 2 of order:b", "is Refold's");
      assertThat(one.content().orders()).isEmpty();
    }
    tables.probe((view, recorded) -> {
      Connection connection = view.connection();
      var before = connection.setSavepoint();
      try {
        view.update("INSERT INTO nowhere VALUES (13)");
      } catch (SQLException expected) {
        connection.rollback(before);
      }
      execute(view, "SAVEPOINT mine");
      execute(view, "ROLLBACK TO SAVEPOINT mine");
      execute(view, "ROLLBACK WORK TO mine");
      assertThat(connection).isEqualTo(view.connection());
      connection.close();
    });
    assertThat(one.apply(lease, 0, 1)).isInstanceOf(Result.Applied.class);
    assertThat(one.content().orders()).containsOnlyKeys("a");
  }

  private static void execute(SqlView view, String sql) throws SQLException {
    Rows.execute(view.connection(), sql);
  }

  @Test
  void aTransactionThatCodeHasEndedAllTheSameIsTheFaultOfItsEvent() throws Exception {
    append(one.events, "a", new Placed("pen"));
    append(one.events, "b", new Placed("ink"), new Paid(13));
    append(one.events, "c", new Placed("pad"));
    Lease lease = one.lease("me", 1);
    for (String ending : List.of("ROLLBACK", "COMMIT")) {
      tables.probe((view, recorded) -> {
        if (recorded.event().equals(new Paid(13))) {
          execute(view, "SELECT 1; " + ending);
        }
      });
      assertThatThrownBy(() -> one.apply(lease, 0, 3))
          .as(ending)
          .isInstanceOf(EventFailure.class)
          .hasMessageContainingAll("event 2 of order:b", "has ended the transaction");
      assertThatThrownBy(() -> one.apply(lease, 0, 2))
          .as(ending + " in the last event")
          .isInstanceOf(EventFailure.class)
          .hasMessageContainingAll("event 2 of order:b", "has ended the transaction");
      assertThat(one.head().checkpoint()).isEqualTo(Position.origin(0));
    }
  }

  @Test
  void aRetriedEventCannotEndTheTransactionEither() throws Exception {
    append(one.events, "a", new Placed("pen"));
    Lease lease = one.lease("me", 1);
    var event = one.between(0, 1).getFirst();
    one.apply(lease, 0, 1, Parking.NONE.parking(event.stream(), 1));
    tables.probe((view, recorded) -> execute(view, "SELECT 1; ROLLBACK"));
    assertThatThrownBy(() -> one.target.retry(lease, event, Parking.NONE, one.position(1)))
        .isInstanceOf(EventFailure.class)
        .hasMessageContaining("has ended the transaction");
    assertThat(one.head().notes()).hasSize(1);
  }
}
