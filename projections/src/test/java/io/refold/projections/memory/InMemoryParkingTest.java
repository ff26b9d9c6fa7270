package io.refold.projections.memory;

import io.refold.eventstore.InMemoryEventStore;
import io.refold.projections.ParkingContract;
import io.refold.projections.ProjectionStore;

class InMemoryParkingTest extends ParkingContract {
  @Override
  protected ProjectionStore store() {
    return InMemoryProjectionStore.on(new InMemoryEventStore());
  }
}
