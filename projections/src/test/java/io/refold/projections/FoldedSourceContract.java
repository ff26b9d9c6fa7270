package io.refold.projections;

import static io.refold.projections.Shop.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.projections.Shop.Cancelled;
import io.refold.projections.Shop.OrderEvent;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Shop.Sales;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.ParkedStream;
import io.refold.projections.store.Parking;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongPredicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sources that fold their streams, so that rows learn what an event itself does not say. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class FoldedSourceContract {
  /** What is paid per product; a payment does not say what it is for. */
  private static final class ByProduct implements Projection<Sales> {
    private static final StreamFold<String, OrderEvent> PRODUCT =
        StreamFold.of(
            Shop.ORDERS,
            "",
            (product, event) -> event instanceof Placed(String placed) ? placed : product);

    private LongPredicate refused = cents -> false;

    @Override
    public String name() {
      return "by-product";
    }

    @Override
    public int version() {
      return 1;
    }

    @Override
    public Class<Sales> rowType() {
      return Sales.class;
    }

    @Override
    public List<Source<Sales>> sources() {
      return List.of(
          Source.keyed(
              PRODUCT,
              folded ->
                  Stream.of(folded.before(), folded.after()).filter(p -> !p.isEmpty()).toList(),
              this::evolve));
    }

    private @Nullable Sales evolve(
        String product, @Nullable Sales row, Folded<String, OrderEvent> folded) {
      Sales sales = row == null ? new Sales(0, 0, 0) : row;
      return switch (folded.recorded().event()) {
        case Paid(long cents) when refused.test(cents) ->
            throw new IllegalStateException("refused");
        case Paid(long cents) ->
            new Sales(sales.orders(), sales.cents() + cents, sales.events() + 1);
        case Placed placed ->
            new Sales(
                sales.orders() + (product.equals(folded.after()) ? 1 : -1),
                sales.cents(),
                sales.events());
        case Cancelled cancelled -> new Sales(sales.orders() - 1, sales.cents(), sales.events());
      };
    }
  }

  private final ByProduct projection = new ByProduct();

  @SuppressWarnings("NullAway.Init") // opened before each test
  private ProjectionStore store;

  /** Returns an empty store. */
  protected abstract ProjectionStore store();

  @BeforeEach
  void open() {
    store = store();
  }

  private EventStore events() {
    return store.events();
  }

  private Map<String, Sales> rows() {
    return Shop.rows(store.readModel(projection));
  }

  private void run() {
    try (var workers = DeterministicWorkers.on(store).add(projection)) {
      workers.runUntilIdle();
    }
  }

  @Test
  void aLaterEventFindsTheRowThatAnEarlierOneNamed() {
    append(events(), "1", new Placed("pen"));
    append(events(), "1", new Paid(3));
    run(); // and again in another process, which has seen none of it
    append(events(), "1", new Paid(4), new Placed("ink"), new Paid(5));
    append(events(), "2", new Placed("ink"), new Paid(10));
    run();
    append(events(), "2", new Cancelled());
    run();
    assertThat(rows()).isEqualTo(Map.of("pen", new Sales(0, 7, 2), "ink", new Sales(1, 15, 2)));
    Map<String, Sales> live = rows();
    try (var workers = DeterministicWorkers.on(store).add(projection)) {
      workers.rebuild(projection);
    }
    assertThat(rows()).isEqualTo(live).isEqualTo(Shop.freshFold(events(), projection));
  }

  @Test
  void aLongStreamIsFoldedPageByPage() {
    append(events(), "1", new Placed("pen"));
    for (int i = 0; i < 25; i++) {
      append(events(), "1", Stream.generate(() -> new Paid(1)).limit(100).toArray(Paid[]::new));
    }
    run();
    append(events(), "1", new Paid(1));
    run();
    assertThat(rows()).isEqualTo(Map.of("pen", new Sales(1, 2_501, 2_501)));
  }

  @Test
  void whatWasDroppedHasNoPartInTheState() {
    append(events(), "1", new Placed("pen"), new Paid(1), new Paid(13));
    projection.refused = cents -> cents == 13;
    try (var workers = DeterministicWorkers.on(store).add(projection)) {
      assertThatThrownBy(workers::runUntilIdle).isInstanceOf(EventParkedException.class);
      append(events(), "1", new Paid(2));
      workers.runUntilIdle();
      ParkedStream parked = store.parked(projection).list().getFirst();
      store.parked(projection).drop(parked, "unlucky");
      workers.runUntilIdle();
      assertThat(rows()).isEqualTo(Map.of("pen", new Sales(1, 3, 2)));
      workers.rebuild(projection);
      assertThat(rows()).isEqualTo(Map.of("pen", new Sales(1, 3, 2)));
    }
  }

  @Test
  void anotherProcessThatHasSeenADroppedEventForgetsIt() {
    append(events(), "1", new Placed("pen"), new Paid(1));
    append(events(), "1", new Placed("anvil"), new Paid(13));
    var states = new StreamStates(events()::read);
    var all = events().read(Shop.ORDERS.stream("1"), 0, 10);
    Source<Sales> source = projection.sources().getFirst();
    all.subList(0, 3).forEach(event -> source.touches(event, states, Parking.NONE));

    var dropped = new Parking(Map.of(), Set.of(EventAddress.of(all.get(2))));
    assertThat(source.touches(all.get(3), states, dropped))
        .extracting(Source.Touch::key)
        .containsExactly("pen");
  }

  @Test
  void sourcesThatShareAFoldReadAStreamOnce() {
    append(events(), "1", new Placed("pen"));
    append(events(), "1", Stream.generate(() -> new Paid(1)).limit(50).toArray(Paid[]::new));
    var reads = new AtomicInteger();
    var states =
        new StreamStates((stream, after, limit) -> {
          reads.incrementAndGet();
          return events().read(stream, after, limit);
        });
    Source<Sales> one = projection.sources().getFirst();
    Source<Sales> other = projection.sources().getFirst();
    for (var event : events().read(Shop.ORDERS.stream("1"), 0, 100)) {
      assertThat(one.touches(event, states, Parking.NONE)).hasSize(1);
      assertThat(other.touches(event, states, Parking.NONE)).hasSize(1);
    }
    assertThat(reads).hasValue(0);
  }

  @Test
  void aRetriedEventIsGivenTheStateOfItsPlace() {
    append(events(), "1", new Placed("pen"), new Paid(13), new Placed("ink"), new Paid(2));
    projection.refused = cents -> cents == 13;
    try (var workers = DeterministicWorkers.on(store).add(projection)) {
      assertThatThrownBy(workers::runUntilIdle).isInstanceOf(EventParkedException.class);
      projection.refused = cents -> false;
      store.parked(projection).retryAll();
      workers.runUntilIdle();
    }
    assertThat(rows())
        .isEqualTo(Map.of("pen", new Sales(0, 13, 1), "ink", new Sales(1, 2, 1)))
        .isEqualTo(Shop.freshFold(events(), projection));
  }

  @Test
  void aDeletedStreamLeavesWhatItHasGiven() {
    append(events(), "1", new Placed("pen"), new Paid(1));
    run();
    Shop.position(events().delete(Shop.ORDERS.stream("1"), ExpectedVersion.any()));
    append(events(), "2", new Placed("pen"), new Paid(2));
    run();
    assertThat(rows()).isEqualTo(Map.of("pen", new Sales(2, 3, 2)));
  }

  @Test
  void aScenarioFoldsTheStreamsToo() {
    ProjectionScenario.of(projection)
        .given(Shop.ORDERS, "1", new Placed("pen"))
        .given(Shop.ORDERS, "1", new Paid(3))
        .thenRow("pen", new Sales(1, 3, 1));
  }
}
