package io.refold.projections;

import static io.refold.projections.Shop.append;
import static io.refold.projections.Shop.fill;
import static io.refold.projections.Shop.freshFold;
import static io.refold.projections.Shop.rows;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.InMemoryEventStore;
import io.refold.projections.Shop.Order;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Shop.SalesByDay;
import io.refold.projections.memory.InMemoryProjectionStore;
import org.junit.jupiter.api.Test;

class DeterministicWorkersTest {
  private final InMemoryEventStore events = new InMemoryEventStore();
  private final InMemoryProjectionStore store = InMemoryProjectionStore.on(events);
  private final Orders orders = new Orders();
  private final SalesByDay sales = new SalesByDay();

  @Test
  void whatWasAppendedIsInTheRowsAfterARun() {
    fill(events, "o", 100);
    try (var workers = DeterministicWorkers.on(store).add(orders).add(sales)) {
      workers.runUntilIdle();
      assertThat(rows(store.readModel(orders))).isEqualTo(freshFold(events, orders));
      assertThat(rows(store.readModel(sales))).isEqualTo(freshFold(events, sales));

      fill(events, "p", 30);
      append(events, "o1", new Paid(5));
      workers.runUntilIdle();
      assertThat(rows(store.readModel(orders))).isEqualTo(freshFold(events, orders));
      assertThat(rows(store.readModel(sales))).isEqualTo(freshFold(events, sales));
    }
  }

  @Test
  void aRebuildEndsWithTheSameRows() {
    fill(events, "o", 50);
    try (var workers = DeterministicWorkers.on(store).add(orders)) {
      workers.runUntilIdle();
      RebuildProgress done = workers.rebuild(orders);
      assertThat(done.state()).isEqualTo(RebuildProgress.State.DONE);
      assertThat(store.status(orders).generation()).hasValue(2);
      assertThat(rows(store.readModel(orders))).isEqualTo(freshFold(events, orders));
      append(events, "new", new Placed("x"));
      workers.runUntilIdle();
      assertThat(store.readModel(orders).find("new")).contains(new Order("x", 0, 1, null));
    }
  }
}
