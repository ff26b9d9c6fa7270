package io.refold.eventstore.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.StoreMisconfiguredException;
import io.refold.eventstore.embedded.ClusterNode;
import io.refold.eventstore.embedded.EmbeddedCluster;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A store states on start what its servers can lose, and only that. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LossesTest {
  private static String of(Illness illness, int port, String setting) {
    return "%s of 127.0.0.1:%d is %s: %s; %s"
        .formatted(
            setting.substring(0, setting.indexOf(' ')),
            port,
            setting.substring(setting.indexOf(' ') + 1),
            illness.consequence(),
            illness.remedy());
  }

  private static String without(Illness illness, String found) {
    return "%s: %s; %s".formatted(found, illness.consequence(), illness.remedy());
  }

  private static String alone(int port) {
    return without(ReplicasCheck.NONE, "master 127.0.0.1:%d has no replica".formatted(port));
  }

  private static List<String> warnings(String url) {
    try (var store = RedisEventStore.connect(url)) {
      return store.warnings();
    }
  }

  @Test
  void aCrashOfOneServerLosesWhatItsFileAllows() {
    try (var redis = EmbeddedRedis.start("appendonly yes", "appendfsync always");
        var raw = new RawRedis(redis)) {
      int port = redis.port();
      assertThat(warnings(redis.url())).containsExactly(alone(port));

      raw.command("CONFIG", "SET", "appendfsync", "everysec");
      assertThat(warnings(redis.url()))
          .containsExactly(alone(port), of(ServerChecks.SYNCED_LATE, port, "appendfsync everysec"));

      raw.command("CONFIG", "SET", "appendfsync", "no");
      assertThat(warnings(redis.url()))
          .as("the worst first")
          .containsExactly(of(ServerChecks.UNSYNCED, port, "appendfsync no"), alone(port));

      raw.command("CONFIG", "SET", "appendonly", "no");
      assertThat(warnings(redis.url()))
          .hasSize(2)
          .element(0)
          .asString()
          .startsWith("appendonly of 127.0.0.1:%d is no; ".formatted(port))
          .contains(" changes since the last snapshot: a restart loses everything")
          .endsWith("fsync is refused; " + ServerChecks.NO_APPEND_ONLY_FILE.remedy());
    }
  }

  @Test
  void aFailoverLosesWhatAMasterTakesAlone() {
    try (var servers = new DoctorFixture()) {
      int port = servers.master.port();
      assertThat(warnings(servers.master.url())).as("guarded, with a replica").isEmpty();

      servers.raw.command("CONFIG", "SET", "min-replicas-to-write", "0");
      assertThat(warnings(servers.master.url()))
          .containsExactly(
              without(
                  ReplicasCheck.UNGUARDED,
                  "min-replicas-to-write of 127.0.0.1:%d is 0, with 1 replicas".formatted(port)));

      servers.replica.close();
      DoctorFixture.await(() -> servers.info("replication").contains("connected_slaves:0"));
      assertThat(warnings(servers.master.url())).containsExactly(alone(port));
    }
  }

  @Test
  void aReplicaWithoutTheDataIsNone() {
    try (var master =
            EmbeddedRedis.start(
                DoctorFixture.with("repl-diskless-sync yes", "repl-diskless-sync-delay 600"));
        var replica = EmbeddedRedis.start("replicaof 127.0.0.1 " + master.port());
        var raw = new RawRedis(master)) {
      DoctorFixture.await(() -> DoctorFixture.info(raw, "replication").contains("wait_bgsave"));
      assertThat(warnings(master.url()))
          .element(0)
          .asString()
          .startsWith(
              "replica 127.0.0.1:%d of 127.0.0.1:%d is in state wait_bgsave: "
                  .formatted(replica.port(), master.port()))
          .contains(ReplicasCheck.NOT_ONLINE.consequence());
    }
  }

  @Test
  void eachMasterOfAClusterIsNamed() {
    try (var cluster = EmbeddedCluster.start(3, 0, DoctorFixture.HEALTHY)) {
      List<ClusterNode> masters = cluster.masters();
      var alone = new ArrayList<String>();
      masters.forEach(master -> alone.add(alone(master.port())));
      assertThat(warnings(cluster.url())).containsExactlyInAnyOrderElementsOf(alone);

      ClusterNode careless = masters.get(1);
      careless.command("CONFIG", "SET", "appendfsync", "no");
      assertThat(warnings(cluster.url()))
          .hasSize(4)
          .startsWith(of(ServerChecks.UNSYNCED, careless.port(), "appendfsync no"));

      ClusterNode evicting = masters.get(2);
      evicting.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu");
      assertThatThrownBy(() -> RedisEventStore.connect(cluster.url()))
          .isInstanceOf(StoreMisconfiguredException.class)
          .hasMessageContaining(
              of(ServerChecks.EVICTION, evicting.port(), "maxmemory-policy allkeys-lfu"))
          .hasMessageNotContaining("appendfsync");
    }
  }

  @Test
  void aServerThatIsTooOldIsRefused() throws IOException {
    try (var redis = EmbeddedRedis.start();
        var proxy =
            new RewritingProxy(redis.port(), Map.of("redis_version:7.0", "redis_version:6.2"))) {
      assertThatThrownBy(() -> RedisEventStore.connect("redis://127.0.0.1:" + proxy.port()))
          .isInstanceOf(StoreMisconfiguredException.class)
          .hasMessageContaining("the version of 127.0.0.1:%d is 6.2".formatted(proxy.port()))
          .hasMessageContaining(ServerChecks.OLD.remedy());
    }
  }

  @Test
  void settingsThatManagedServersHideAreNamed() {
    try (var redis = EmbeddedRedis.start("appendonly yes", "user u on >pw ~* &* +@all -config")) {
      assertThat(warnings("redis://u:pw@127.0.0.1:" + redis.port()))
          .element(1)
          .asString()
          .startsWith("CONFIG GET is not permitted at 127.0.0.1:" + redis.port())
          .contains("appendfsync", "min-replicas-to-write", "+config|get");
    }
    try (var redis = EmbeddedRedis.start("appendonly yes", "rename-command CONFIG \"\"")) {
      assertThat(warnings(redis.url())).element(1).asString().startsWith("CONFIG GET is not");
    }
  }
}
