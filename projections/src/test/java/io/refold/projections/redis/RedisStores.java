package io.refold.projections.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.eventstore.redis.RedisEventStore;
import io.refold.eventstore.redis.RedisSession;
import io.refold.projections.ProjectionStore;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.redisson.api.options.KeysScanOptions;
import org.redisson.config.Config;

/** Stores of one test class: a shared one, and empty ones in their own namespaces. */
final class RedisStores implements AutoCloseable {
  private final Config servers;
  private final List<RedisEventStore> opened = new ArrayList<>();
  private final RedisProjectionStore shared;

  RedisStores(String url) {
    this(single(url));
  }

  RedisStores(Config servers) {
    this.servers = servers;
    this.shared = fresh();
  }

  private static Config single(String url) {
    var config = new Config();
    config.useSingleServer().setAddress(url);
    return config;
  }

  RedisProjectionStore shared() {
    return shared;
  }

  RedisProjectionStore fresh() {
    RedisEventStore events = RedisEventStore.to(servers).namespace("t" + UUID.randomUUID()).open();
    opened.add(events);
    return RedisProjectionStore.on(events);
  }

  /** Asserts that a generation of a projection has left nothing behind on any node. */
  void assertNoKeysOf(ProjectionStore store, String generation) {
    RedisSession session = ((RedisEventStore) store.events()).session();
    String pattern = "*" + session.namespace() + "*:" + generation + "*";
    assertThat(session.redisson().getKeys().getKeys(KeysScanOptions.defaults().pattern(pattern)))
        .isEmpty();
  }

  @Override
  public void close() {
    opened.forEach(RedisEventStore::close);
  }
}
