package io.refold.eventstore.redis;

import static io.refold.eventstore.Accounts.ACCOUNTS;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.Accounts.Deposited;
import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.CommandHandlerContract;
import io.refold.eventstore.Confirmation;
import io.refold.eventstore.Durability;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.EventStoreContract;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.HistoryContract;
import io.refold.eventstore.RepetitionContract;
import io.refold.eventstore.SnapshotContract;
import io.refold.eventstore.UniqueValues;
import io.refold.eventstore.UniqueValuesContract;
import io.refold.eventstore.ValueRegister;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * What every store promises, on a cluster whose masters have a replica each: a script that touched
 * keys of two slots would be refused by each of its servers.
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

  /** Returns a store on a cluster with three masters, each with a replica. */
  abstract RedisEventStore cluster();

  @Test
  void oneReplicaOfEveryMasterConfirmsAndTwoAreReportedAsNotReached() {
    Durability one = Durability.replicas(1, Duration.ofSeconds(10));
    Durability two = Durability.replicas(2, Duration.ofMillis(20));
    for (String id : ClusterWriters.routes(cluster(), 1)) {
      Append append = Append.of(ACCOUNTS, id, ExpectedVersion.any(), List.of(new Deposited(1)));

      AppendResult first = cluster().append(append.withDurability(one));
      AppendResult repeat = cluster().append(append.withDurability(two));

      assertThat(first)
          .isInstanceOfSatisfying(
              AppendResult.Appended.class,
              appended ->
                  assertThat(appended.durability())
                      .isEqualTo(new Confirmation(one, true, false, 1)));
      assertThat(repeat)
          .isInstanceOfSatisfying(
              AppendResult.Appended.class,
              appended -> {
                assertThat(appended.repeat()).isTrue();
                assertThat(appended.durability().reached()).isFalse();
              });
    }
  }

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
