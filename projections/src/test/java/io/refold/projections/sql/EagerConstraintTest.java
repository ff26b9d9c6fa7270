package io.refold.projections.sql;

import static io.refold.projections.Shop.append;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.projections.EventFailure;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.store.Lease;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A constraint that could be checked late, and is not, unless code wants it so. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EagerConstraintTest {
  /** Products, each once: a second one is refused at its statement, which the code expects. */
  private record Products() implements SqlProjection {
    @Override
    public String name() {
      return "products";
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
                if (recorded.event() instanceof Placed(var product)) {
                  place(view, product);
                } else {
                  swallow(view);
                }
              }));
    }

    private static void place(SqlView view, String product) throws SQLException {
      var before = view.connection().setSavepoint();
      try {
        view.update("INSERT INTO %s VALUES (?)".formatted(view.table("products")), product);
      } catch (SQLException twice) {
        view.connection().rollback(before);
      }
    }

    private static void swallow(SqlView view) {
      try {
        view.update("INSERT INTO nowhere VALUES (13)");
      } catch (SQLException swallowed) {
        return;
      }
    }

    @Override
    public void create(SqlView view) throws SQLException {
      view.update(
          "CREATE TABLE %s (id VARCHAR(256) UNIQUE DEFERRABLE INITIALLY IMMEDIATE)"
              .formatted(view.table("products")));
    }
  }

  @Test
  void aConstraintThatIsCheckedAtOnceIsSoAlsoWhereACulpritIsLookedFor() {
    var eager = new OnePartition(new Products());
    append(eager.events, "a", new Placed("pen"));
    append(eager.events, "b", new Placed("ink"));
    append(eager.events, "c", new Placed("pen"));
    append(eager.events, "d", new Paid(1));
    Lease lease = eager.lease("me", 1);
    assertThatThrownBy(() -> eager.apply(lease, 0, 4))
        .isInstanceOf(EventFailure.class)
        .hasMessageContaining("event 1 of order:d");
  }
}
