package io.refold.sample.chaos;

import io.refold.eventstore.Durability;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.redis.RedisEventStore;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/** Opens stores for processes that are started while servers are down. */
final class Stores {
  static final int PARTITIONS = 6;
  private static final Duration REPLICATION = Duration.ofSeconds(1);
  private static final Duration PAUSE = Duration.ofMillis(100);

  private Stores() {}

  /** Opens the store at the address of a server or a cluster, as soon as that is possible. */
  static RedisEventStore open(String url, String namespace) {
    return once(() -> RedisEventStore.to(url).namespace(namespace).partitions(PARTITIONS).open());
  }

  /** Returns what has to be reached there: in a cluster, a replica. */
  static Durability durability(String url) {
    return url.contains(",") ? Durability.replicas(1, REPLICATION) : Durability.memory();
  }

  /** Does what needs the store, again and again until the store can be used. */
  static <T> T once(Supplier<T> work) {
    while (true) {
      try {
        return work.get();
      } catch (StoreUnavailableException | ReplyLostException away) {
        LockSupport.parkNanos(PAUSE.toNanos());
      }
    }
  }
}
