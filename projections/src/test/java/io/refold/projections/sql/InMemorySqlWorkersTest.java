package io.refold.projections.sql;

import io.refold.eventstore.InMemoryEventStore;
import io.refold.projections.ProjectionStore;
import io.refold.projections.memory.InMemoryProjectionStore;
import io.refold.projections.sql.SqlProjection.Naming;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

@ParameterizedClass
@EnumSource
class InMemorySqlWorkersTest extends SqlWorkersContract {
  InMemorySqlWorkersTest(Naming naming) {
    super(naming);
  }

  @Override
  ProjectionStore store() {
    return InMemoryProjectionStore.on(new InMemoryEventStore());
  }
}
