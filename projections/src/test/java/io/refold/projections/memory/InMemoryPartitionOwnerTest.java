package io.refold.projections.memory;

import io.refold.eventstore.InMemoryEventStore;
import io.refold.projections.PartitionOwnerContract;
import io.refold.projections.ProjectionStore;
import io.refold.projections.store.Generations.Layout;

class InMemoryPartitionOwnerTest extends PartitionOwnerContract {
  @Override
  protected ProjectionStore store() {
    return InMemoryProjectionStore.on(new InMemoryEventStore());
  }

  @Override
  protected void loseShard(ProjectionStore store, Layout layout, int shard) {
    store.views().delete(layout.generation(), shard, layout.shape().indexes());
  }
}
