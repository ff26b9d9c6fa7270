package io.refold.eventstore.redis;

import io.refold.eventstore.StoreMisconfiguredException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReentrantLock;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisException;
import org.redisson.config.Config;

/**
 * Knows whether the masters can say that something is on their disks. Asks them once, and again
 * after disruptions: then they may be others. Thread-safe.
 */
final class Disks {
  private static final long NEVER = -1;

  private final RedissonClient redisson;
  private final Config config;
  private final ReentrantLock checking = new ReentrantLock();
  private volatile long checked = NEVER; // how many disruptions there were then

  Disks(RedissonClient redisson, Config config) {
    this.redisson = redisson;
    this.config = config;
  }

  /**
   * Makes sure that they can.
   *
   * @throws StoreMisconfiguredException if a master cannot
   */
  void check() {
    long disruptions = Disruptions.of(config).number();
    if (checked == disruptions || !begin()) {
      return;
    }
    try {
      if (checked != disruptions) {
        ask();
        checked = disruptions;
      }
    } finally {
      checking.unlock();
    }
  }

  /** After disruptions one caller asks; nobody else waits for servers that may not answer. */
  private boolean begin() {
    if (checked == NEVER) {
      checking.lock();
      return true;
    }
    return checking.tryLock();
  }

  private void ask() {
    List<String> problems;
    try {
      problems =
          CompletableFuture.supplyAsync(
                  this::problems,
                  task -> Thread.ofPlatform().name("refold-disks").daemon().start(task))
              .join();
    } catch (CompletionException e) {
      throw RedisErrors.translate("the check of its disk", RedisErrors.cause(e));
    }
    if (!problems.isEmpty()) {
      throw new StoreMisconfiguredException(RedisEventStoreBuilder.servers(config), problems);
    }
  }

  private List<String> problems() {
    Set<String> problems = new LinkedHashSet<>();
    try (var nodes = new ServerNodes(redisson)) {
      for (ServerNode node : nodes.masters()) {
        try {
          problem(node).ifPresent(problems::add);
        } catch (RedisException e) {
          if (RedisErrors.answered(e)) {
            throw e;
          } // what does not answer now, refuses the wait when it does
        }
      }
    }
    return List.copyOf(problems);
  }

  private static Optional<String> problem(ServerNode node) {
    if (!node.hasWaitaof()) {
      return Optional.of(
          "durability 'fsync' needs Redis 7.2 or Valkey 7.2, and %s is %s: use another version,"
                  .formatted(node.name(), node.version())
              + " or appendfsync always, which makes every write wait for the disk");
    }
    return node.appendsToFile()
        ? Optional.empty()
        : Optional.of(
            "durability 'fsync' needs an append-only file, and %s has none: set appendonly yes"
                .formatted(node.name()));
  }
}
