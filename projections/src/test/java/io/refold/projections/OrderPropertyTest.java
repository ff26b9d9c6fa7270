package io.refold.projections;

import static io.refold.projections.Shop.NOTES;
import static io.refold.projections.Shop.ORDERS;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.projections.Shop.Cancelled;
import io.refold.projections.Shop.Noted;
import io.refold.projections.Shop.OrderEvent;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The property that rows depend neither on the order between aggregates nor on repetition. */
class OrderPropertyTest {
  /** A row per last character of an order's id. */
  record Sum(long cents, String last) {}

  private record Sums(Evolve<Sum, OrderEvent> evolve) implements Projection<Sum> {
    @Override
    public String name() {
      return "sums";
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public Class<Sum> rowType() {
      return Sum.class;
    }

    @Override
    public List<Source<Sum>> sources() {
      return List.of(
          Source.keyed(
              ORDERS,
              recorded -> List.of(recorded.id().substring(recorded.id().length() - 1)),
              evolve));
    }
  }

  private static long cents(OrderEvent event) {
    return event instanceof Paid(long cents) ? cents : 0;
  }

  private static ProjectionScenario<Sum> scenario(Evolve<Sum, OrderEvent> evolve) {
    return ProjectionScenario.of(new Sums(evolve))
        .given(ORDERS, "a1", new Placed("pen"), new Paid(1))
        .given(ORDERS, "b1", new Placed("ink"))
        .given(ORDERS, "c2", new Placed("cup"), new Paid(2))
        .given(ORDERS, "b1", new Paid(4), new Cancelled());
  }

  @Test
  void sumsAreTheSameInAnyOrder() {
    scenario((key, sum, recorded) ->
            new Sum((sum == null ? 0 : sum.cents()) + cents(recorded.event()), ""))
        .thenSameInAnyOrder();
  }

  @Test
  void keepingTheLastIsNotAndTheEventsAreNamed() {
    var last =
        scenario((key, sum, recorded) -> new Sum(0, recorded.id() + ":" + recorded.version()));
    assertThatThrownBy(last::thenSameInAnyOrder)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("row '1' depends on the order of events of different aggregates")
        .hasMessageContaining("of order:a1)")
        .hasMessageContaining("of order:b1)");
  }

  @Test
  void theFirstOneToComeIsFoundToo() {
    assertThatThrownBy(() ->
            scenario((key, sum, recorded) -> sum == null ? new Sum(0, recorded.id()) : sum)
                .thenSameInAnyOrder())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("row '1'")
        .hasMessageContaining("placed (event 1 of order:a1), then placed (event 1 of order:b1)");
  }

  @Test
  void aFoldThatCountsItsCallsIsFound() {
    var calls = new AtomicLong();
    var counting = scenario((key, sum, recorded) -> new Sum(calls.incrementAndGet(), ""));
    assertThatThrownBy(counting::thenSameInAnyOrder)
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(
            "row '1' depends on how often it is folded: placed (event 1 of order:a1)");
  }

  @Test
  void theOrderWithinARouteIsDefined() {
    ProjectionScenario.of(new Shop.Orders())
        .given(ORDERS, "1", new Placed("x"))
        .given(NOTES, "1", new Noted("first"))
        .given(ORDERS, "2", new Placed("y"))
        .given(NOTES, "1", new Noted("last"))
        .given(ORDERS, "1", new Paid(3))
        .thenSameInAnyOrder();
  }

  /** What was paid per order, by the order of its first event. */
  record Payments(Map<String, Long> cents) {}

  private record ByOrder() implements Projection<Payments> {
    @Override
    public String name() {
      return "payments";
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public Class<Payments> rowType() {
      return Payments.class;
    }

    @Override
    public List<Source<Payments>> sources() {
      return List.of(
          Source.keyed(
              ORDERS,
              recorded -> List.of("all"),
              (key, row, recorded) -> {
                var more = new LinkedHashMap<>(row == null ? Map.<String, Long>of() : row.cents());
                more.merge(recorded.id(), cents(recorded.event()), Long::sum);
                return new Payments(more);
              }));
    }
  }

  @Test
  void membersOfAMapMayStandInAnyOrder() {
    ProjectionScenario.of(new ByOrder())
        .given(ORDERS, "a", new Paid(1))
        .given(ORDERS, "b", new Paid(2))
        .given(ORDERS, "a", new Paid(3))
        .thenSameInAnyOrder();
  }

  @Test
  void marksAreNotShuffled() {
    var closed =
        ProjectionScenario.of(new Shop.Orders())
            .given(ORDERS, "1", new Placed("x"))
            .deleted(ORDERS, "1");
    assertThatThrownBy(closed::thenSameInAnyOrder)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("leave marks out");
  }
}
