package io.refold.projections.memory;

import io.refold.eventstore.InMemoryEventStore;
import io.refold.projections.ProjectionStore;
import io.refold.projections.WorkersContract;

class InMemoryWorkersTest extends WorkersContract {
  private final ProjectionStore store = InMemoryProjectionStore.on(new InMemoryEventStore());

  @Override
  protected ProjectionStore store() {
    return store;
  }
}
