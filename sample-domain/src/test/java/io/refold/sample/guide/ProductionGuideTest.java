package io.refold.sample.guide;

import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.Durability;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.eventstore.Limits;
import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.embedded.EmbeddedSentinels;
import io.refold.eventstore.redis.Diagnosis;
import io.refold.eventstore.redis.Finding;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.eventstore.redis.Severity;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.EventParkedException;
import io.refold.projections.ProjectionStatus;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.memory.InMemoryProjectionStore;
import io.refold.projections.redis.RedisProjectionStore;
import io.refold.sample.guide.FailuresGuideTest.Weights;
import io.refold.sample.guide.Orders.OrderEvent.LineAdded;
import io.refold.sample.guide.ProjectionsGuideTest.Baskets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.config.Config;

/** The code and the settings of docs/guides/production.md do what the guide says. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProductionGuideTest {
  private static final Path GUIDE = Path.of("..", "docs", "guides", "production.md");

  private final Baskets baskets = new Baskets();

  /** Opens the store as every process of the shop does. */
  static RedisEventStore open(Config config) {
    return RedisEventStore.to(config)
        .namespace("shop")
        .partitions(64) // for good
        .durability(Durability.replicas(1, ofSeconds(1)))
        .open();
  }

  private static String[] settings() throws IOException {
    String guide = Files.readString(GUIDE);
    int begin = guide.indexOf("```\n# Nothing of history") + 4;
    return guide.substring(begin, guide.indexOf("```", begin)).split("\n");
  }

  @Test
  void theSettingsOfTheGuideLeaveTheDoctorNothingButAdvice() throws IOException {
    try (var servers = EmbeddedSentinels.start(1, settings())) {
      var config = new Config();
      config
          .useSentinelServers()
          .setMasterName(EmbeddedSentinels.MASTER)
          .addSentinelAddress(servers.urls().toArray(String[]::new));
      try (var events = open(config);
          var projections = RedisProjectionStore.on(events, 64);
          var workers = ProjectionWorkers.on(projections).add(baskets).start()) {
        add(events, "pen", "o-1");

        assertThat(workers.status()).hasSize(1);
        var alarms = new ArrayList<String>();
        alarmed(projections, alarms::add);
        assertThat(alarms).isEmpty();
        assertThat(projections.doctor().examine().findings())
            .extracting(Finding::severity)
            .containsOnly(Severity.ADVICE);
      }
    }
  }

  private static void alarmed(RedisProjectionStore projections, Consumer<String> alarm) {
    Diagnosis diagnosis = projections.doctor().examine();
    if (diagnosis.losesData()) {
      alarm.accept(diagnosis.toString());
    }
  }

  private static void add(EventStore events, String article, String order) {
    AppendResult appended =
        events.append(
            Append.of(
                Orders.ORDERS, order, ExpectedVersion.any(), List.of(new LineAdded(article, 1))));
    assertThat(appended).isInstanceOf(AppendResult.Appended.class);
  }

  @Test
  void rowsKeepTheirShardsUntilTheyAreRebuilt() throws InterruptedException {
    try (var redis = EmbeddedRedis.start();
        var events = RedisEventStore.connect(redis.url())) {
      try (var four = RedisProjectionStore.on(events);
          var workers = ProjectionWorkers.on(four).add(baskets).start()) {
        assertThat(workers.status()).hasSize(1);
        assertThat(shards(four)).isEqualTo(4);
      }
      try (var eight = RedisProjectionStore.on(events, 8);
          var workers = ProjectionWorkers.on(eight).add(baskets).start()) {
        assertThat(shards(eight)).isEqualTo(4);
        workers.rebuild(baskets).await();
        assertThat(shards(eight)).isEqualTo(8);
      }
    }
  }

  private int shards(ProjectionStore store) {
    return store.generations().look(baskets.name(), 1).live().orElseThrow().shape().shards();
  }

  /** Says what somebody should look at; asked once a minute. */
  static List<String> troubles(ProjectionStatus status) {
    var troubles = new ArrayList<String>();
    if (status.lag() > 10_000) {
      troubles.add(status.lag() + " events behind, at " + status.rate() + " events/s");
    }
    if (status.parked() > 0) {
      troubles.add(status.parked() + " streams wait behind an event that fails");
    }
    if (status.outdated() > 0) {
      troubles.add("shared rows keep what was forgotten: rebuild");
    }
    for (ProjectionStatus.Partition partition : status.partitions()) {
      switch (partition.state()) {
        case LOST_HISTORY -> troubles.add(partition.number() + " has rows of lost events: rebuild");
        case NOT_OWNED -> troubles.add(partition.number() + " has no worker");
        case HALTED, WAITING, TAKING_OVER, FILLING, RUNNING, SWITCHING -> {}
      }
      partition.error().ifPresent(troubles::add);
    }
    return troubles;
  }

  @Test
  void troublesAreNamedOnceTheyAreThere() {
    var events = new InMemoryEventStore(1, Clock.systemUTC(), Limits.defaults());
    var store = InMemoryProjectionStore.on(events);
    var weights = new Weights();
    try (var workers = DeterministicWorkers.on(store).add(weights)) {
      add(events, "pen", "o-1");
      workers.runUntilIdle();
      assertThat(troubles(store.status(weights))).isEmpty();

      add(events, "anvil", "o-2");
      assertThatThrownBy(workers::runUntilIdle).isInstanceOf(EventParkedException.class);
      assertThat(troubles(store.status(weights)))
          .containsExactly("1 streams wait behind an event that fails");
    }
    assertThat(troubles(store.status(weights))).contains("0 has no worker");
  }
}
