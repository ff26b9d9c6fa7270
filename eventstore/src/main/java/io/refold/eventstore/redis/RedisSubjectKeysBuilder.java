package io.refold.eventstore.redis;

import com.github.benmanes.caffeine.cache.Ticker;
import io.refold.eventstore.StoreMisconfiguredException;
import io.refold.eventstore.StoreUnavailableException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisException;
import org.redisson.config.Config;

/** Describes {@link RedisSubjectKeys} before they are opened. Not thread-safe. */
public final class RedisSubjectKeysBuilder {
  private final Config config;
  private String namespace = "refold-keys";
  private Duration cached = Duration.ofMinutes(1);
  private Ticker ticker = Ticker.systemTicker();

  RedisSubjectKeysBuilder(Config config) {
    this.config = RedisConnections.safe(config);
  }

  /**
   * The first part of every name in Redis; the default is {@code refold-keys}.
   *
   * @throws IllegalArgumentException if it is empty or contains <code>:</code>, <code>{</code>,
   *     <code>}</code> or a character outside printable ASCII
   */
  public RedisSubjectKeysBuilder namespace(String name) {
    namespace = RedisEventStoreBuilder.allowed(name);
    return this;
  }

  /**
   * How long this process keeps a key that it has read; the default is one minute. So long it may
   * go on reading the data of a subject whom another process has forgotten.
   *
   * @throws IllegalArgumentException if the time is not positive
   */
  public RedisSubjectKeysBuilder cachedFor(Duration time) {
    if (!time.isPositive()) {
      throw new IllegalArgumentException("keys are cached for a positive time, not " + time);
    }
    cached = time;
    return this;
  }

  RedisSubjectKeysBuilder ticker(Ticker time) {
    ticker = time;
    return this;
  }

  /**
   * Connects and checks the server.
   *
   * @throws StoreUnavailableException if the server cannot be reached
   * @throws StoreMisconfiguredException if a crash of the server would lose keys, or it is too old
   */
  public RedisSubjectKeys open() {
    RedissonClient redisson = RedisEventStoreBuilder.client(config);
    try {
      KeyServerCheck servers = KeyServerCheck.of(redisson, config);
      var session = new RedisSession(redisson, config, new Keys(namespace, 1));
      return new RedisSubjectKeys(session, servers, cached, ticker);
    } catch (RuntimeException e) {
      redisson.shutdown(0, 2, TimeUnit.SECONDS);
      throw e instanceof RedisException ? RedisErrors.translate("the start check", e) : e;
    }
  }
}
