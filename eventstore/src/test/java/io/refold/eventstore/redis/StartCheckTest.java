package io.refold.eventstore.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.StoreDamagedException;
import io.refold.eventstore.StoreMisconfiguredException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.embedded.EmbeddedRedis;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.redisson.client.codec.StringCodec;
import org.redisson.config.Config;
import org.redisson.config.NameMapper;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StartCheckTest {
  @Test
  void aServerThatEvictsIsRefused() {
    try (var redis = EmbeddedRedis.start("maxmemory-policy allkeys-lru")) {
      assertThatThrownBy(() -> RedisEventStore.connect(redis.url()))
          .isInstanceOf(StoreMisconfiguredException.class)
          .hasMessageContaining("maxmemory-policy of 127.0.0.1:" + redis.port() + " is allkeys-lru")
          .hasMessageContaining("CONFIG SET maxmemory-policy noeviction");
    }
  }

  @Test
  void theNumberOfPartitionsNeverChanges() {
    try (var redis = EmbeddedRedis.start()) {
      try (var created = RedisEventStore.to(redis.url()).partitions(4).open();
          var opened = RedisEventStore.connect(redis.url())) {
        assertThat(created.partitions()).isEqualTo(4);
        assertThat(opened.partitions()).isEqualTo(4);
      }
      assertThatThrownBy(() -> RedisEventStore.to(redis.url()).partitions(8).open())
          .isInstanceOf(StoreMisconfiguredException.class)
          .hasMessageContaining("created with 4 partitions, not 8");
      try (var other = RedisEventStore.to(redis.url()).namespace("other").partitions(8).open()) {
        assertThat(other.partitions()).isEqualTo(8);
      }
    }
  }

  @Test
  void aStoreOfAnotherLayoutIsRefused() {
    try (var redis = EmbeddedRedis.start()) {
      try (var store = RedisEventStore.connect(redis.url())) {
        store.session().redisson().getMap("refold:meta", StringCodec.INSTANCE).put("layout", "2");
      }
      assertThatThrownBy(() -> RedisEventStore.connect(redis.url()))
          .isInstanceOf(StoreMisconfiguredException.class)
          .hasMessageContaining("layout has version 2");
    }
  }

  @Test
  void aStoreWithoutALayoutIsDamaged() {
    try (var redis = EmbeddedRedis.start()) {
      try (var store = RedisEventStore.connect(redis.url())) {
        store.session().redisson().getMap("refold:meta", StringCodec.INSTANCE).remove("layout");
      }
      assertThatThrownBy(() -> RedisEventStore.connect(redis.url()))
          .isInstanceOf(StoreDamagedException.class)
          .hasMessageContaining("the layout version of the store in namespace 'refold' is damaged");
    }
  }

  @Test
  void aServerThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> RedisEventStore.connect("redis://127.0.0.1:1"))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("127.0.0.1");
  }

  @Test
  void usersAndPasswordsOpenTheDoorAndAreNeverShown() {
    try (var redis =
        EmbeddedRedis.start("user writer on >s3cret ~* &* +@all", "user default off")) {
      String address = "127.0.0.1:" + redis.port();
      try (var store = RedisEventStore.connect("redis://writer:s3cret@" + address)) {
        assertThat(store.partitions()).isEqualTo(16);
      }
      assertThatThrownBy(() -> RedisEventStore.connect("redis://writer:wr0ng@" + address))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageNotContaining("wr0ng");
    }
  }

  @Test
  void addressesThatAreNoneAreRefusedWithoutShowingThem() {
    for (String url :
        List.of(
            "localhost:6379", "http://localhost", "redis://", "redis://h/x", "redis://u:p w@h")) {
      assertThatThrownBy(() -> RedisEventStore.connect(url), url)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("redis[s]://")
          .hasMessageNotContaining("p w");
    }
  }

  @Test
  void aRedissonConfigurationOpensAStoreToo() {
    try (var redis = EmbeddedRedis.start()) {
      var config = new Config();
      config.useSingleServer().setAddress(redis.url()).setRetryAttempts(7);
      try (var store = RedisEventStore.connect(config)) {
        assertThat(store.session().redisson().getConfig().useSingleServer().getRetryAttempts())
            .as("no call is ever repeated blindly")
            .isZero();
      }
      assertThat(config.useSingleServer().getRetryAttempts()).as("the caller's own").isEqualTo(7);
      assertThatThrownBy(() -> RedisEventStore.connect(new Config()))
          .hasMessageContaining("must name a single server");
    }
  }

  @Test
  @SuppressWarnings("deprecation") // a server's own mapper still counts
  void aNameMapperIsRefusedBecauseRedissonDoesNotSeeEveryKey() {
    var mapper =
        new NameMapper() {
          @Override
          public String map(String name) {
            return "mapped:" + name;
          }

          @Override
          public String unmap(String name) {
            return name.substring("mapped:".length());
          }
        };
    var whole = new Config().setNameMapper(mapper);
    whole.useSingleServer().setAddress("redis://127.0.0.1:1");
    var single = new Config();
    single.useSingleServer().setAddress("redis://127.0.0.1:1").setNameMapper(mapper);
    var cluster = new Config();
    cluster.useClusterServers().addNodeAddress("redis://127.0.0.1:1").setNameMapper(mapper);
    var sentinels = new Config();
    sentinels
        .useSentinelServers()
        .setMasterName("master")
        .addSentinelAddress("redis://127.0.0.1:1")
        .setNameMapper(mapper);

    for (Config config : List.of(whole, single, cluster, sentinels)) {
      assertThatThrownBy(() -> RedisEventStore.to(config))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("NameMapper")
          .hasMessageContaining("namespace(...)");
      assertThatThrownBy(() -> RedisSubjectKeys.to(config))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void namespacesAreChecked() {
    for (String name : List.of("", "a:b", "a{b", "ä", "x".repeat(65))) {
      assertThatThrownBy(() -> RedisEventStore.to("redis://127.0.0.1").namespace(name), name)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> RedisEventStore.to("redis://127.0.0.1").partitions(0))
        .hasMessageContaining("1 to 1024");
  }
}
