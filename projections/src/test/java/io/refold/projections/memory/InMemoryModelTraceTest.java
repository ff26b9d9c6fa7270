package io.refold.projections.memory;

import io.refold.eventstore.InMemoryEventStore;
import io.refold.eventstore.Limits;
import io.refold.projections.ProjectionStore;
import io.refold.projections.store.ModelTraceContract;
import java.time.Clock;
import java.util.Optional;

class InMemoryModelTraceTest extends ModelTraceContract {
  @Override
  protected ProjectionStore empty() {
    return InMemoryProjectionStore.on(
        new InMemoryEventStore(2, Clock.systemUTC(), Limits.defaults()), 2, Clock.systemUTC());
  }

  @Override
  protected Optional<Slots> slots() {
    return Optional.empty();
  }
}
