package io.refold.eventstore.redis;

import io.refold.eventstore.CommandHandlerContract;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.EventStoreContract;
import io.refold.eventstore.HistoryContract;
import io.refold.eventstore.RepetitionContract;
import io.refold.eventstore.SnapshotContract;
import io.refold.eventstore.UniqueValues;
import io.refold.eventstore.UniqueValuesContract;
import io.refold.eventstore.ValueRegister;
import java.util.List;
import org.junit.jupiter.api.Nested;

/**
 * What every store promises, on a cluster: a script that touched keys of two slots would be refused
 * by each of its servers.
 */
abstract class ClusterContracts {
  private static final RedisScript EXPIRE =
      new RedisScript(
          "expire",
          """
          if redis.call('HEXISTS', KEYS[1], 'until') == 1 then
            redis.call('HSET', KEYS[1], 'until', 1)
          end
          return {}\
          """,
          "0".repeat(40));

  /** Returns a store on a cluster with three masters. */
  abstract RedisEventStore cluster();

  @Nested
  class Events extends EventStoreContract {
    @Override
    protected EventStore store() {
      return cluster();
    }
  }

  @Nested
  class Commands extends CommandHandlerContract {
    @Override
    protected EventStore store() {
      return cluster();
    }
  }

  @Nested
  class Histories extends HistoryContract {
    @Override
    protected EventStore store() {
      return cluster();
    }
  }

  @Nested
  class Repetitions extends RepetitionContract {
    @Override
    protected EventStore store() {
      return cluster();
    }
  }

  @Nested
  class Snapshots extends SnapshotContract {
    @Override
    protected EventStore store() {
      return cluster();
    }
  }

  @Nested
  class TamperedCounters extends TamperedCounterContract {
    @Override
    protected RedisEventStore store() {
      return cluster();
    }
  }

  @Nested
  class Unique extends UniqueValuesContract {
    @Override
    protected EventStore store() {
      return cluster();
    }

    @Override
    protected UniqueValues names() {
      return RedisUniqueValues.on(cluster(), "name");
    }

    @Override
    protected ValueRegister register() {
      return new RedisUniqueValues(cluster().session(), "name");
    }

    @Override
    protected void expire(String reserved) {
      var unused = cluster().session().eval(EXPIRE, List.of("refold:unique:name:" + reserved));
    }
  }
}
