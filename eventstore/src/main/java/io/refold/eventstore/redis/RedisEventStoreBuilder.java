package io.refold.eventstore.redis;

import io.refold.eventstore.Durability;
import io.refold.eventstore.Limits;
import io.refold.eventstore.StoreMisconfiguredException;
import io.refold.eventstore.StoreUnavailableException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.redisson.Redisson;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisException;
import org.redisson.client.RedisTimeoutException;
import org.redisson.config.Config;

/** Describes a {@link RedisEventStore} before it is opened. Not thread-safe. */
public final class RedisEventStoreBuilder {
  private static final RedisScript OPEN =
      RedisScript.load(RedisEventStoreBuilder.class, "open.lua");
  private static final int MAX_PARTITIONS = 1_024;
  private static final int DEFAULT_PARTITIONS = 16;

  private final Config config;
  private String namespace = "refold";
  private int partitions;
  private Limits limits = Limits.defaults();
  private Durability durability = Durability.memory();

  RedisEventStoreBuilder(Config config) {
    this.config = RedisConnections.safe(config);
  }

  /**
   * The first part of every key; the default is {@code refold}. Stores in different namespaces know
   * nothing of each other.
   *
   * @throws IllegalArgumentException if it is empty or contains <code>:</code>, <code>{</code>,
   *     <code>}</code> or a character outside printable ASCII
   */
  public RedisEventStoreBuilder namespace(String name) {
    namespace = allowed(name);
    return this;
  }

  static String allowed(String name) {
    boolean allowed =
        name.length() <= 64
            && !name.isEmpty()
            && name.chars().allMatch(c -> c > ' ' && c < 127 && ":{}".indexOf(c) < 0);
    if (!allowed) {
      throw new IllegalArgumentException(
          "namespace '%s' is not allowed: 1 to 64 printable ASCII characters but ':', '{', '}'"
              .formatted(name));
    }
    return name;
  }

  /**
   * How many partitions a new store gets, 1 to 1,024; the default is 16. It never changes later:
   * plan at least 4 for every node you will ever want. An existing store must have exactly this
   * number.
   *
   * @throws IllegalArgumentException if the number is out of range
   */
  public RedisEventStoreBuilder partitions(int number) {
    partitions = allowed(number);
    return this;
  }

  private static int allowed(int number) {
    if (number < 1 || number > MAX_PARTITIONS) {
      throw new IllegalArgumentException(
          "a store has 1 to %d partitions, not %d".formatted(MAX_PARTITIONS, number));
    }
    return number;
  }

  /** How much one append may carry; see {@link Limits#defaults()}. */
  public RedisEventStoreBuilder limits(Limits most) {
    limits = most;
    return this;
  }

  /**
   * What appends wait for that do not say it themselves; the default is {@link
   * Durability#memory()}.
   */
  public RedisEventStoreBuilder durability(Durability level) {
    durability = level;
    return this;
  }

  /**
   * Connects, checks the server and opens the store, or creates it.
   *
   * @throws StoreUnavailableException if the server cannot be reached
   * @throws StoreMisconfiguredException if the server would lose history or is too old, or cannot
   *     reach the durability that is asked for, or the store there has another layout or number of
   *     partitions
   */
  public RedisEventStore open() {
    RedissonClient redisson = client(config);
    try {
      List<String> warnings = ServerCheck.check(redisson, config);
      var disks = new Disks(redisson, config);
      if (durability instanceof Durability.Fsync) {
        disks.check();
      }
      int actual = openStore(redisson);
      var keys = new Keys(namespace, actual);
      var session = new RedisSession(redisson, config, keys);
      return new RedisEventStore(session, keys, actual, limits, durability, disks, warnings);
    } catch (RuntimeException e) {
      redisson.shutdown(0, 2, TimeUnit.SECONDS);
      throw e instanceof RedisException ? RedisErrors.translate("the start check", e) : e;
    }
  }

  static RedissonClient client(Config config) {
    try {
      return Redisson.create(config);
    } catch (RedisException e) {
      Throwable root = e;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      if (RedisErrors.refused(root)) {
        throw RedisErrors.translate("the connection to " + servers(config), root);
      }
      throw new StoreUnavailableException(
          "%s cannot be reached: %s%s"
              .formatted(
                  servers(config),
                  root.getMessage(),
                  root instanceof RedisTimeoutException
                      ? "; if it awaits TLS there, its address begins with rediss://"
                      : ""),
          e);
    }
  }

  static String servers(Config config) {
    return config.isSingleConfig()
        ? "Redis at " + config.useSingleServer().getAddress()
        : "Redis (" + (config.isClusterConfig() ? "cluster" : "sentinels") + ")";
  }

  private int openStore(RedissonClient redisson) {
    var session = new RedisSession(redisson, config, new Keys(namespace, 1));
    try {
      return openStore(session);
    } finally {
      session.stop();
    }
  }

  private int openStore(RedisSession session) {
    Object reply =
        session.evalRead( // opening twice is as opening once
            OPEN,
            List.of(Keys.meta(namespace)),
            RedisEventStore.LAYOUT,
            partitions == 0 ? DEFAULT_PARTITIONS : partitions);
    var meta = (List<?>) Objects.requireNonNull(reply);
    String store = "the store in namespace '%s'".formatted(namespace);
    String layout =
        StoredBytes.read(() -> "the layout version of " + store, () -> Entries.text(meta.get(0)));
    if (!layout.equals(String.valueOf(RedisEventStore.LAYOUT))) {
      throw new StoreMisconfiguredException(
          store,
          List.of(
              "its layout has version %s and this program knows version %d: use the matching release"
                  .formatted(layout, RedisEventStore.LAYOUT)));
    }
    int actual =
        StoredBytes.read(
            () -> "the number of partitions of " + store,
            () -> allowed(Integer.parseInt(Entries.text(meta.get(1)))));
    if (partitions != 0 && partitions != actual) {
      throw new StoreMisconfiguredException(
          store,
          List.of(
              "it was created with %d partitions, not %d: that never changes, open it with %d"
                  .formatted(actual, partitions, actual)));
    }
    return actual;
  }
}
