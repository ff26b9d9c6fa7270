package io.refold.projections.memory;

import io.refold.eventstore.InMemoryEventStore;
import io.refold.projections.DeletedStreamsContract;
import io.refold.projections.FoldedSourceContract;
import io.refold.projections.ForgottenDataContract;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ReadModelContract;
import io.refold.projections.reactions.ProcessContract;
import io.refold.projections.reactions.ReactionContract;
import io.refold.projections.reactions.UnorderedReactionContract;
import io.refold.projections.store.DeadlinesContract;
import io.refold.projections.store.GenerationsContract;
import io.refold.projections.store.ParkedStreamsContract;
import io.refold.projections.store.SubscriptionsContract;
import io.refold.projections.store.ViewsContract;
import org.junit.jupiter.api.Nested;

/** The contracts on the reference. */
class InMemoryContractsTest {
  private static final ProjectionStore STORE = InMemoryProjectionStore.on(new InMemoryEventStore());

  @Nested
  class ViewsTest extends ViewsContract {
    @Override
    protected ProjectionStore store() {
      return STORE;
    }
  }

  @Nested
  class SubscriptionsTest extends SubscriptionsContract {
    @Override
    protected ProjectionStore store() {
      return STORE;
    }
  }

  @Nested
  class ParkedStreamsTest extends ParkedStreamsContract {
    @Override
    protected ProjectionStore store() {
      return STORE;
    }
  }

  @Nested
  class GenerationsTest extends GenerationsContract {
    @Override
    protected ProjectionStore store() {
      return STORE;
    }
  }

  @Nested
  class ReadModelTest extends ReadModelContract {
    @Override
    protected ProjectionStore store() {
      return InMemoryProjectionStore.on(new InMemoryEventStore());
    }
  }

  @Nested
  class DeletedStreamsTest extends DeletedStreamsContract {
    @Override
    protected ProjectionStore store() {
      return InMemoryProjectionStore.on(new InMemoryEventStore());
    }
  }

  @Nested
  class ForgottenDataTest extends ForgottenDataContract {
    @Override
    protected ProjectionStore store() {
      return InMemoryProjectionStore.on(new InMemoryEventStore());
    }
  }

  @Nested
  class DeadlinesTest extends DeadlinesContract {
    @Override
    protected ProjectionStore store() {
      return STORE;
    }
  }

  @Nested
  class ReactionTest extends ReactionContract {
    @Override
    protected ProjectionStore store() {
      return InMemoryProjectionStore.on(new InMemoryEventStore());
    }
  }

  @Nested
  class ProcessTest extends ProcessContract {
    @Override
    protected ProjectionStore store() {
      return InMemoryProjectionStore.on(new InMemoryEventStore());
    }
  }

  @Nested
  class FoldedSourceTest extends FoldedSourceContract {
    @Override
    protected ProjectionStore store() {
      return InMemoryProjectionStore.on(new InMemoryEventStore());
    }
  }

  @Nested
  class UnorderedReactionTest extends UnorderedReactionContract {
    @Override
    protected ProjectionStore store() {
      return InMemoryProjectionStore.on(new InMemoryEventStore());
    }
  }
}
