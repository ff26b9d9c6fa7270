package io.refold.projections.memory;

import io.refold.eventstore.InMemoryEventStore;
import io.refold.projections.ProjectionStore;
import io.refold.projections.RebuildFaultsContract;

class InMemoryRebuildFaultsTest extends RebuildFaultsContract {
  private final ProjectionStore store = InMemoryProjectionStore.on(new InMemoryEventStore());

  @Override
  protected ProjectionStore store() {
    return store;
  }
}
