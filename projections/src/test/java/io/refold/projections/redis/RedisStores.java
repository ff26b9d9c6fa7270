package io.refold.projections.redis;

import io.refold.eventstore.redis.RedisEventStore;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Stores of one test class on one server: a shared one, and empty ones in their own namespaces. */
final class RedisStores implements AutoCloseable {
  private final String url;
  private final List<RedisEventStore> opened = new ArrayList<>();
  private final RedisProjectionStore shared;

  RedisStores(String url) {
    this.url = url;
    this.shared = fresh();
  }

  RedisProjectionStore shared() {
    return shared;
  }

  RedisProjectionStore fresh() {
    RedisEventStore events = RedisEventStore.to(url).namespace("t" + UUID.randomUUID()).open();
    opened.add(events);
    return RedisProjectionStore.on(events);
  }

  @Override
  public void close() {
    opened.forEach(RedisEventStore::close);
  }
}
