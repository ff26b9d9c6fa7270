package io.refold.projections;

import static io.refold.projections.Shop.NOTES;
import static io.refold.projections.Shop.ORDERS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Recorded;
import io.refold.eventstore.StreamMark;
import io.refold.projections.Shop.Cancelled;
import io.refold.projections.Shop.Noted;
import io.refold.projections.Shop.Order;
import io.refold.projections.Shop.OrderEvent;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Shop.Sales;
import io.refold.projections.Shop.SalesByDay;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ProjectionScenarioTest {
  private final ProjectionScenario<Order> orders = ProjectionScenario.of(new Orders());

  @Test
  void eventsOfSeveralCategoriesGiveRows() {
    orders
        .given(ORDERS, "1", new Placed("x"), new Paid(5))
        .given(NOTES, "1", new Noted("hurry"))
        .given(NOTES, "2", new Noted("lost"))
        .thenRow("1", new Order("x", 5, 2, "hurry"))
        .thenNoRow("2")
        .given(ORDERS, "1", new Cancelled())
        .thenNoRow("1")
        .thenRows(Map.of());
    ProjectionScenario.of(new SalesByDay())
        .given(ORDERS, "a1", new Placed("x"), new Paid(5))
        .given(ORDERS, "b1", new Placed("x"))
        .given(ORDERS, "c2", new Placed("x"))
        .thenRows(
            Map.of(
                "all", new Sales(3, 5, 4),
                "bucket-1", new Sales(2, 5, 3),
                "bucket-2", new Sales(1, 0, 1)));
  }

  @Test
  void aDeletedStreamLosesItsRowAndTakesNoMoreEvents() {
    var deleted =
        orders
            .given(ORDERS, "1", new Placed("x"), new Paid(5))
            .given(ORDERS, "2", new Placed("y"))
            .given(NOTES, "2", new Noted("hurry"))
            .deleted(ORDERS, "1")
            .deleted(NOTES, "2")
            .thenRows(Map.of("2", new Order("y", 0, 1, null)));
    assertThatThrownBy(() -> deleted.given(ORDERS, "1", new Paid(1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("order:1");
    assertThatThrownBy(() -> deleted.deleted(ORDERS, "1"))
        .isInstanceOf(IllegalStateException.class);
    var closed = deleted.marked(ORDERS, "2", new StreamMark.Closed());
    assertThatThrownBy(() -> closed.given(ORDERS, "2", new Paid(1)))
        .isInstanceOf(IllegalStateException.class);
    closed.thenRow("2", new Order("y", 0, 1, null)).deleted(ORDERS, "2").thenRows(Map.of());
    ProjectionScenario.of(new SalesByDay())
        .given(ORDERS, "a1", new Placed("x"))
        .deleted(ORDERS, "a1")
        .thenRow("all", new Sales(1, 0, 1));
  }

  @Test
  void forgottenDataIsNotInTheRowsOfItsStream() {
    var guest = Guests.category("guest");
    ProjectionScenario.of(Guests.View.byGuest())
        .given(guest, "1", new Guests.Registered("ada", "Ada"), new Guests.Stayed(2))
        .forgotten(guest, "1", "ada")
        .given(guest, "1", new Guests.Stayed(1))
        .thenRow("1", new Guests.Guest(Guests.REPLACEMENT, 3, 3));
    ProjectionScenario.of(Guests.View.ofBothKinds())
        .given(guest, "1", new Guests.Registered("ada", "Ada"))
        .forgotten(guest, "1", "ada")
        .thenRow("1", new Guests.Guest("Ada", 0, 1));
  }

  @Test
  void anExpectationThatDoesNotHoldShowsTheRows() {
    var scenario = orders.given(ORDERS, "1", new Placed("x"));
    for (Runnable wrong :
        List.<Runnable>of(
            () -> scenario.thenRow("1", new Order("y", 0, 1, null)),
            () -> scenario.thenRow("2", new Order("x", 0, 1, null)),
            () -> scenario.thenNoRow("1"),
            () -> scenario.thenRows(Map.of()))) {
      assertThatThrownBy(wrong::run)
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("actual rows: {1=Order[product=x");
    }
  }

  @Test
  void eventsHaveVersionsAndTheTimeThatWasSet() {
    record Seen(long version, Instant at, String id) {}
    var probe =
        projection(
            Seen.class,
            Source.keyed(
                ORDERS,
                recorded -> List.of(recorded.id() + recorded.version()),
                (key, row, recorded) ->
                    new Seen(recorded.version(), recorded.recordedAt(), recorded.id())));
    Instant later = ProjectionScenario.NOW.plusSeconds(60);
    ProjectionScenario.of(probe)
        .given(ORDERS, "a", new Placed("x"))
        .at(later)
        .given(ORDERS, "a", new Placed("x"))
        .given(ORDERS, "b", new Placed("x"))
        .thenRow("a1", new Seen(1, ProjectionScenario.NOW, "a"))
        .thenRow("a2", new Seen(2, later, "a"))
        .thenRow("b1", new Seen(1, later, "b"));
  }

  private static <V> Projection<V> projection(Class<V> type, Source<V> source) {
    return new Projection<>() {
      @Override
      public String name() {
        return "any";
      }

      @Override
      public int version() {
        return 1;
      }

      @Override
      public Class<V> rowType() {
        return type;
      }

      @Override
      public List<Source<V>> sources() {
        return List.of(source);
      }
    };
  }

  /** Reads back as something else than was written. */
  public static final class Opaque {
    private final String hidden;

    Opaque(String hidden) {
      this.hidden = hidden;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Opaque that && hidden.equals(that.hidden);
    }

    @Override
    public int hashCode() {
      return hidden.hashCode();
    }
  }

  @Test
  void aRowThatDoesNotPassJsonIsNoticed() {
    var unreadable =
        projection(Opaque.class, Source.byStream(ORDERS, ProjectionScenarioTest::opaque));
    assertThatThrownBy(() ->
            ProjectionScenario.of(unreadable)
                .given(ORDERS, "1", new Placed("x"))
                .thenRow("1", new Opaque("x")))
        .isInstanceOfAny(AssertionError.class, UnreadableRowException.class)
        .hasMessageContaining("row '1' of projection 'any' does not pass JSON")
        .hasMessageContaining("correct the class of its rows");
  }

  private static Opaque opaque(String id, @Nullable Opaque row, Recorded<OrderEvent> recorded) {
    return new Opaque("x");
  }

  @Test
  void aFoldThatFailsNamesItsEvent() {
    var picky =
        new Orders(
            1,
            recorded -> {
              throw new IllegalStateException("never");
            });
    assertThatThrownBy(
            () -> ProjectionScenario.of(picky).given(ORDERS, "1", new Placed("x"), new Paid(1)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("event 1 of order:1")
        .hasMessageContaining("never");
  }

  @Test
  void aProjectionThatIsNotValidIsRefused() {
    Source<Order> source = Source.byStream(ORDERS, (key, row, recorded) -> row);
    assertThatThrownBy(() -> ProjectionScenario.of(new Orders(0, recorded -> {})))
        .hasMessageContaining("a version from 1, not 0");
    assertThatThrownBy(() ->
            ProjectionScenario.of(
                new Orders() {
                  @Override
                  public String name() {
                    return "a:b";
                  }
                }))
        .hasMessageContaining("projection name 'a:b' contains U+003A");
    assertThatThrownBy(() ->
            ProjectionScenario.of(
                new Orders() {
                  @Override
                  public List<Source<Order>> sources() {
                    return List.of();
                  }
                }))
        .hasMessageContaining("a source");
    assertThatThrownBy(() ->
            ProjectionScenario.of(
                new Orders() {
                  @Override
                  public List<Index<Order>> indexes() {
                    return List.of(
                        Index.ofLong("i", Order::cents), Index.ofString("i", Order::product));
                  }
                }))
        .hasMessageContaining("two indexes 'i'");
    assertThatThrownBy(() -> Index.ofLong("", Order::cents))
        .hasMessageContaining("index name '' has 0 characters");
    assertThat(source.category()).isEqualTo("order");
  }

  @Test
  void keysThatCannotBeStoredAreRefused() {
    for (String key : List.of("", "x".repeat(513))) {
      var wrong =
          projection(
              Sales.class,
              Source.<Sales, OrderEvent>keyed(
                  ORDERS, recorded -> List.of(key), (k, row, recorded) -> new Sales(1, 1, 1)));
      assertThatThrownBy(() -> ProjectionScenario.of(wrong).given(ORDERS, "1", new Placed("x")))
          .hasMessageContaining("1 to 512 are allowed");
    }
  }
}
