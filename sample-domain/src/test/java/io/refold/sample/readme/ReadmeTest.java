package io.refold.sample.readme;

import static io.refold.sample.readme.Balances.ACCOUNTS;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.DeciderScenario;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.projections.IndexQuery;
import io.refold.projections.ProjectionScenario;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.redis.RedisProjectionStore;
import io.refold.sample.readme.AccountCommand.Deposit;
import io.refold.sample.readme.AccountCommand.Open;
import io.refold.sample.readme.AccountEvent.Deposited;
import io.refold.sample.readme.AccountEvent.Opened;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The README's code does what the README says. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReadmeTest {
  @Test
  void theQuickStartWorks() throws InterruptedException {
    try (var redis = EmbeddedRedis.start()) {
      String url = redis.url();
      try (var store = RedisEventStore.connect(url);
          var projections = RedisProjectionStore.on(store)) {
        var accounts = CommandHandler.on(store, ACCOUNTS, new AccountDecider()).build();
        var balances = new Balances();

        try (var workers = ProjectionWorkers.on(projections).add(balances).start()) {
          accounts.handle("alice", new Open("Alice"));
          var handled = accounts.handle("alice", new Deposit(50_00));

          var rows = projections.readModel(balances);
          Optional<Balance> alice = rows.find("alice", handled.position(), ofSeconds(5));
          var richest = rows.query(IndexQuery.of("cents").descending().limit(10));

          workers.rebuild(balances).await(); // a second generation from id zero, then one switch

          assertThat(alice).contains(new Balance("Alice", 50_00));
          assertThat(richest.rows()).hasSize(1);
          assertThat(rows.find("alice")).isEqualTo(alice);
        }
      }
    }
  }

  @Test
  void theTestKitsWork() {
    DeciderScenario.of(new AccountDecider())
        .given(new Opened("Alice"))
        .when(new Deposit(50_00))
        .then(new Deposited(50_00));

    ProjectionScenario.of(new Balances())
        .given(ACCOUNTS, "alice", new Opened("Alice"), new Deposited(50_00))
        .thenRow("alice", new Balance("Alice", 50_00));
  }
}
