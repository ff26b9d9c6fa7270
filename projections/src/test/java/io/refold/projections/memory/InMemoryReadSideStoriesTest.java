package io.refold.projections.memory;

import io.refold.eventstore.InMemoryEventStore;
import io.refold.eventstore.Limits;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ReadSideStoriesContract;
import java.time.Clock;

class InMemoryReadSideStoriesTest extends ReadSideStoriesContract {
  @Override
  protected ProjectionStore empty() {
    return InMemoryProjectionStore.on(
        new InMemoryEventStore(2, Clock.systemUTC(), Limits.defaults()), 2, Clock.systemUTC());
  }

  @Override
  protected double share() {
    return 0.5;
  }
}
