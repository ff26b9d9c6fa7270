package io.refold.projections.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.CommandOptions;
import io.refold.eventstore.EventCodec;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Paid;
import io.refold.projections.StartAt;
import io.refold.projections.memory.InMemoryProjectionStore;
import io.refold.projections.reactions.BusinessProcess;
import io.refold.projections.reactions.Deadline;
import io.refold.projections.reactions.Outgoing;
import io.refold.projections.reactions.Processes;
import io.refold.projections.reactions.Reaction;
import io.refold.projections.reactions.Step;
import io.refold.projections.reactions.Trigger;
import io.refold.projections.sql.SqlProjection.Naming;
import java.time.Clock;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is started under a name that something else has is told so, before it takes anything. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NamesakesTest {
  private static final String NAME = "the \"shop\"";

  enum Kind {
    ROWS("a projection of rows") {
      @Override
      void addTo(ProjectionWorkers.Builder workers, int version) {
        workers.add(new Orders(version));
      }

      @Override
      void addTo(DeterministicWorkers workers) {
        workers.add(new Orders(1));
      }
    },
    TABLES("a projection of tables") {
      @Override
      void addTo(ProjectionWorkers.Builder workers, int version) {
        workers.add(SqlReadModel.of(Postgres.fresh(), new ShopTables(Naming.SUFFIX, version)));
      }

      @Override
      void addTo(DeterministicWorkers workers) {
        workers.add(SqlReadModel.of(Postgres.fresh(), new ShopTables(Naming.SUFFIX)));
      }
    },
    REACTION("a reaction in order") {
      @Override
      void addTo(ProjectionWorkers.Builder workers, int version) {
        workers.add(reaction().build());
      }

      @Override
      void addTo(DeterministicWorkers workers) {
        workers.add(reaction().build());
      }
    },
    UNORDERED("an unordered reaction") {
      @Override
      void addTo(ProjectionWorkers.Builder workers, int version) {
        workers.add(reaction().unordered(1));
      }

      @Override
      void addTo(DeterministicWorkers workers) {
        workers.add(reaction().unordered(1));
      }
    },
    PROCESS("a process") {
      @Override
      void addTo(ProjectionWorkers.Builder workers, int version) {
        workers.add(Processes.of(new Idle()));
      }

      @Override
      void addTo(DeterministicWorkers workers) {
        workers.add(Processes.of(new Idle()));
      }
    };

    final String title;

    Kind(String title) {
      this.title = title;
    }

    abstract void addTo(ProjectionWorkers.Builder workers, int version);

    abstract void addTo(DeterministicWorkers workers);
  }

  private static final class Orders extends Shop.Orders {
    Orders(int version) {
      super(version, recorded -> {});
    }

    @Override
    public String name() {
      return NAME;
    }
  }

  private static Reaction.Builder reaction() {
    return Reaction.named(NAME, StartAt.zero()).on(Shop.ORDERS, (recorded, cause) -> {});
  }

  /** A process that does nothing. */
  private record Idle() implements BusinessProcess<Paid, Paid> {
    @Override
    public String name() {
      return NAME;
    }

    @Override
    public StartAt start() {
      return StartAt.zero();
    }

    @Override
    public EventCodec<Paid> states() {
      return EventCodec.json(Paid.class);
    }

    @Override
    public EventCodec<Paid> commands() {
      return EventCodec.json(Paid.class);
    }

    @Override
    public Paid initialState() {
      return new Paid(0);
    }

    @Override
    public List<Trigger<Paid, Paid>> triggers() {
      return List.of(Trigger.byStream(Shop.ORDERS, (state, recorded) -> Step.to(state)));
    }

    @Override
    public Step<Paid, Paid> due(Paid state, Deadline deadline) {
      return Step.to(state);
    }

    @Override
    public void send(Outgoing<Paid> command, CommandOptions options) {}
  }

  /** Rows in one shard are laid out as tables are, but for what tells them apart. */
  private final ProjectionStore store =
      InMemoryProjectionStore.on(new InMemoryEventStore(), 1, Clock.systemUTC());

  private void start(Kind kind, int version) {
    var workers = ProjectionWorkers.on(store);
    kind.addTo(workers, version);
    workers.start().close();
  }

  @ParameterizedTest
  @EnumSource
  void aNameThatSomethingOfAnotherKindHasIsRefused(Kind first) {
    start(first, 1);
    for (Kind second : Kind.values()) {
      if (second == first) {
        start(second, 1);
        continue;
      }
      assertThatThrownBy(() -> start(second, 1))
          .as("%s after %s", second, first)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContainingAll(
              "'%s' is %s".formatted(NAME, first.title), second.title, "another name");
      try (var workers = DeterministicWorkers.on(store)) {
        second.addTo(workers);
        assertThatThrownBy(workers::runUntilIdle)
            .as("%s after %s, run by hand", second, first)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("another name");
      }
      assertThat(store.generations().look(NAME, 1).read()).hasSize(1);
    }
  }

  @Test
  void aNewVersionIsOfTheSameKind() {
    start(Kind.ROWS, 1);
    assertThatThrownBy(() -> start(Kind.TABLES, 2))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("another name");
    start(Kind.ROWS, 2);
  }
}
