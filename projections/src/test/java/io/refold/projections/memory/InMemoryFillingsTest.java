package io.refold.projections.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.InMemoryEventStore;
import io.refold.projections.FillingStepsContract;
import io.refold.projections.ParkedFillingsContract;
import io.refold.projections.ProjectionStore;
import io.refold.projections.RebuildTermsContract;
import io.refold.projections.VerificationContract;
import io.refold.projections.VersionsContract;
import io.refold.projections.store.Generation;
import org.junit.jupiter.api.Nested;

/** What is filled beside the rows that are read, on the reference. */
class InMemoryFillingsTest {
  @Nested
  class VersionsTest extends VersionsContract {
    private final ProjectionStore store = InMemoryProjectionStore.on(new InMemoryEventStore());

    @Override
    protected ProjectionStore store() {
      return store;
    }
  }

  @Nested
  class TermsTest extends RebuildTermsContract {
    private final ProjectionStore store = InMemoryProjectionStore.on(new InMemoryEventStore());

    @Override
    protected ProjectionStore store() {
      return store;
    }
  }

  @Nested
  class ParkedTest extends ParkedFillingsContract {
    private final ProjectionStore store = InMemoryProjectionStore.on(new InMemoryEventStore());

    @Override
    protected ProjectionStore store() {
      return store;
    }
  }

  @Nested
  class StepsTest extends FillingStepsContract {
    private final ProjectionStore store = InMemoryProjectionStore.on(new InMemoryEventStore());

    @Override
    protected ProjectionStore store() {
      return store;
    }
  }

  @Nested
  class VerificationTest extends VerificationContract {
    private final ProjectionStore store = InMemoryProjectionStore.on(new InMemoryEventStore());

    @Override
    protected ProjectionStore store() {
      return store;
    }

    @Override
    protected void assertNoKeysOf(String generation) {
      String[] name = generation.split(":", 2);
      var gone = new Generation(name[0], Integer.parseInt(name[1]));
      for (int partition = 0; partition < store.events().partitions(); partition++) {
        assertThat(store.subscriptions().outlook(partition, gone)).isEmpty();
      }
      for (int shard = 0; shard < store.shards(); shard++) {
        assertThat(store.views().head(gone, shard, 0)).isEmpty();
      }
    }
  }
}
