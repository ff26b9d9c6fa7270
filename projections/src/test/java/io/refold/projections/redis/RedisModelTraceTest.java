package io.refold.projections.redis;

import io.refold.eventstore.embedded.EmbeddedRedis;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.eventstore.redis.RedisSession;
import io.refold.projections.ProjectionStore;
import io.refold.projections.store.Generation;
import io.refold.projections.store.ModelTraceContract;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.redisson.api.options.KeysScanOptions;

class RedisModelTraceTest extends ModelTraceContract {
  private static final String NAMESPACE = "model";

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static EmbeddedRedis redis;

  @SuppressWarnings("NullAway.Init") // opened before the first test
  private static RedisEventStore events;

  @BeforeAll
  static void start() {
    redis = EmbeddedRedis.start();
    events = RedisEventStore.to(redis.url()).namespace(NAMESPACE).partitions(2).open();
  }

  @AfterAll
  static void stop() {
    events.close();
    redis.close();
  }

  /** The store that is open, without anything in it but what tells how it is laid out. */
  @Override
  protected ProjectionStore empty() {
    var keys = events.session().redisson().getKeys();
    String[] there =
        keys.getKeysStream(KeysScanOptions.defaults())
            .filter(key -> !key.equals(NAMESPACE + ":meta"))
            .toArray(String[]::new);
    keys.delete(there);
    return RedisProjectionStore.on(events, 2);
  }

  @Override
  protected Optional<Slots> slots() {
    return Optional.of(new Replicas(events.session()));
  }

  /** Copies of slots, key by key. */
  private record Replicas(RedisSession session, Map<String, Copy> copies) implements Slots {
    private record Copy(String pattern, Map<String, byte[]> dumps) {}

    Replicas(RedisSession session) {
      this(session, new HashMap<>());
    }

    private Map<String, byte[]> dump(String pattern) {
      var dumps = new HashMap<String, byte[]>();
      session
          .redisson()
          .getKeys()
          .getKeysStream(KeysScanOptions.defaults().pattern(pattern))
          .forEach(key -> dumps.put(key, session.redisson().getBucket(key).dump()));
      return dumps;
    }

    @Override
    public void follow(String slot, Optional<Generation> generation, int number) {
      String tag =
          generation
              .map(of -> new ProjectionKeys(session).head(of, number))
              .map(head -> head.substring(0, head.indexOf('}') + 1))
              .orElseGet(() -> session.partitionTag(number));
      copies.put(slot, new Copy(tag + ":*", dump(tag + ":*")));
    }

    @Override
    public void failOver(String slot) {
      Copy copy = copies.getOrDefault(slot, new Copy("", Map.of()));
      dump(copy.pattern()).keySet().forEach(key -> session.redisson().getBucket(key).delete());
      copy.dumps().forEach((key, dump) -> session.redisson().getBucket(key).restore(dump));
    }
  }
}
