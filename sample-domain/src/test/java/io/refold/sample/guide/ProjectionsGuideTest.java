package io.refold.sample.guide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.Handled;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.eventstore.Recorded;
import io.refold.projections.Awaited;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.Folded;
import io.refold.projections.Index;
import io.refold.projections.IndexQuery;
import io.refold.projections.Page;
import io.refold.projections.Projection;
import io.refold.projections.ProjectionScenario;
import io.refold.projections.ProjectionStatus;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.ReadModel;
import io.refold.projections.Row;
import io.refold.projections.Source;
import io.refold.projections.StreamFold;
import io.refold.projections.memory.InMemoryProjectionStore;
import io.refold.sample.guide.Orders.OrderCommand.AddLine;
import io.refold.sample.guide.Orders.OrderCommand.Place;
import io.refold.sample.guide.Orders.OrderDecider;
import io.refold.sample.guide.Orders.OrderEvent;
import io.refold.sample.guide.Orders.OrderEvent.LineAdded;
import io.refold.sample.guide.Orders.OrderEvent.Placed;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The code of docs/guides/projections.md does what the guide says. */
class ProjectionsGuideTest {
  /** What is in each order. */
  record Basket(int pieces, boolean placed) {}

  static final class Baskets implements Projection<Basket> {
    @Override
    public String name() {
      return "baskets";
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public Class<Basket> rowType() {
      return Basket.class;
    }

    @Override
    public List<Source<Basket>> sources() {
      return List.of(Source.byStream(Orders.ORDERS, Baskets::evolve));
    }

    @Override
    public List<Index<Basket>> indexes() {
      return List.of(
          Index.ofLong("pieces", basket -> (long) basket.pieces()),
          Index.ofString("state", basket -> basket.placed() ? "placed" : "open"));
    }

    private static Basket evolve(
        String id, @Nullable Basket basket, Recorded<OrderEvent> recorded) {
      int before = basket == null ? 0 : basket.pieces();
      return switch (recorded.event()) {
        case LineAdded line -> new Basket(before + line.pieces(), false);
        case Placed placed -> new Basket(before, true);
      };
    }
  }

  /** How often an article was ordered, and how often for good. */
  record Demand(long pieces, long placed) {}

  static final class Demands implements Projection<Demand> {
    static final StreamFold<Set<String>, OrderEvent> ARTICLES =
        StreamFold.of(Orders.ORDERS, Set.of(), Demands::with);

    private static Set<String> with(Set<String> articles, OrderEvent event) {
      if (event instanceof LineAdded line) {
        var more = new HashSet<>(articles);
        more.add(line.article());
        return Set.copyOf(more);
      }
      return articles;
    }

    @Override
    public List<Source<Demand>> sources() {
      return List.of(Source.keyed(ARTICLES, Demands::keys, Demands::evolve));
    }

    private static Set<String> keys(Folded<Set<String>, OrderEvent> folded) {
      return switch (folded.recorded().event()) {
        case LineAdded line -> Set.of(line.article());
        case Placed placed -> folded.after(); // the event itself does not say what was ordered
      };
    }

    private static Demand evolve(
        String article, @Nullable Demand row, Folded<Set<String>, OrderEvent> folded) {
      Demand demand = row == null ? new Demand(0, 0) : row;
      return switch (folded.recorded().event()) {
        case LineAdded line -> new Demand(demand.pieces() + line.pieces(), demand.placed());
        case Placed placed -> new Demand(demand.pieces(), demand.placed() + 1);
      };
    }

    // The rest is as above.

    @Override
    public String name() {
      return "demands";
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public Class<Demand> rowType() {
      return Demand.class;
    }
  }

  private final Baskets baskets = new Baskets();
  private final Demands demands = new Demands();

  @Test
  void rowsFollowTheEvents() {
    var events = new InMemoryEventStore();
    ProjectionStore store = InMemoryProjectionStore.on(events);
    var orders = CommandHandler.on(events, Orders.ORDERS, new OrderDecider()).build();

    try (var workers = ProjectionWorkers.on(store).add(baskets).add(demands).start()) {
      ReadModel<Basket> model = store.readModel(baskets);
      Handled<?, ?> handled = orders.handle("o-1", new AddLine("pen", 2));

      model.find("o-1", handled.position(), Duration.ofSeconds(5));
      assertThat(model.find("o-1")).contains(new Basket(2, false));

      orders.handle("o-2", new AddLine("ink", 5));
      Handled<?, ?> placed = orders.handle("o-2", new Place());
      assertThat(model.await(placed.position(), Duration.ofSeconds(5))).isEqualTo(Awaited.APPLIED);
      for (ProjectionStatus status : workers.status()) {
        System.out.printf(
            "%s: %d events behind, %.0f/s, %d parked%n",
            status.projection(), status.lag(), status.rate(), status.parked());
      }
    }
  }

  @Test
  void rowsAreReadByKeyInPagesAndByIndex() {
    var events = new InMemoryEventStore();
    var orders = CommandHandler.on(events, Orders.ORDERS, new OrderDecider()).build();
    ProjectionStore store = InMemoryProjectionStore.on(events);
    try (var workers = DeterministicWorkers.on(store).add(baskets)) {
      orders.handle("o-1", new AddLine("pen", 2));
      orders.handle("o-2", new AddLine("ink", 5));
      orders.handle("o-3", new AddLine("ink", 100));
      orders.handle("o-3", new Place());
      workers.runUntilIdle();
    }
    ReadModel<Basket> model = store.readModel(baskets);

    Map<String, Basket> some = model.findAll(List.of("o-1", "o-2")); // those that exist
    Page<Basket> first = model.rows(100); // in the order of the keys
    int pieces = model.stream().mapToInt(row -> row.value().pieces()).sum();

    var full = model.query(IndexQuery.of("pieces").from(3).to(99).descending().limit(20));
    long open = model.count(IndexQuery.of("state").equalTo("open"));
    long rows = model.count();

    assertThat(some).containsOnlyKeys("o-1", "o-2");
    assertThat(first.rows()).extracting(Row::key).containsExactly("o-1", "o-2", "o-3");
    assertThat(pieces).isEqualTo(107);
    assertThat(full.rows()).containsExactly(new Row<>("o-2", new Basket(5, false)));
    assertThat(open).isEqualTo(2);
    assertThat(rows).isEqualTo(3);
  }

  @Test
  void allPagesOfAnIndexAreReadOneAfterTheOther() {
    var events = new InMemoryEventStore();
    var orders = CommandHandler.on(events, Orders.ORDERS, new OrderDecider()).build();
    ProjectionStore store = InMemoryProjectionStore.on(events);
    try (var workers = DeterministicWorkers.on(store).add(baskets)) {
      for (int order = 0; order < 2_500; order++) {
        orders.handle("o-" + order, new AddLine("pen", 1));
      }
      workers.runUntilIdle();
    }
    ReadModel<Basket> model = store.readModel(baskets);
    var orderIds = new ArrayList<String>();

    IndexQuery query = IndexQuery.of("state").equalTo("open").limit(1_000);
    Optional<IndexQuery> rest = Optional.of(query);
    while (rest.isPresent()) {
      Page<Basket> page = model.query(rest.get());
      page.rows().forEach(row -> orderIds.add(row.key()));
      rest = page.next().map(query::after);
    }

    assertThat(orderIds).hasSize(2_500).doesNotHaveDuplicates();
  }

  @Test
  void sharedRowsMustNotDependOnTheOrderBetweenAggregates() {
    ProjectionScenario.of(demands)
        .given(Orders.ORDERS, "o-1", new LineAdded("pen", 2), new Placed())
        .given(Orders.ORDERS, "o-2", new LineAdded("pen", 1), new LineAdded("ink", 1))
        .thenRow("pen", new Demand(3, 1))
        .thenSameInAnyOrder();

    assertThatThrownBy(() ->
            ProjectionScenario.of(new LastOrder())
                .given(Orders.ORDERS, "o-1", new LineAdded("pen", 2))
                .given(Orders.ORDERS, "o-2", new LineAdded("pen", 1))
                .thenSameInAnyOrder())
        .hasMessageContaining("row 'pen' depends on the order of events of different aggregates");
  }

  record Last(String order) {}

  static final class LastOrder implements Projection<Last> {
    @Override
    public String name() {
      return "last-order";
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public Class<Last> rowType() {
      return Last.class;
    }

    @Override
    public List<Source<Last>> sources() {
      return List.of(
          Source.keyed(
              Orders.ORDERS,
              recorded ->
                  recorded.event() instanceof LineAdded line ? List.of(line.article()) : List.of(),
              (key, row, recorded) -> new Last(recorded.id())));
    }
  }
}
