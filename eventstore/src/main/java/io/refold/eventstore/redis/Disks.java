package io.refold.eventstore.redis;

import io.refold.eventstore.StoreMisconfiguredException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;

/**
 * Knows whether the masters can say that something is on their disks. Asks them once, and again
 * after disruptions: then they may be others. Thread-safe.
 */
final class Disks {
  private static final long NEVER = -1;

  private final RedissonClient redisson;
  private final Config config;
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
    if (checked == disruptions) {
      return;
    }
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
    checked = disruptions;
  }

  private List<String> problems() {
    Set<String> problems = new LinkedHashSet<>();
    try (var nodes = new ServerNodes(redisson)) {
      for (ServerNode node : nodes.masters()) {
        if (!node.hasWaitaof()) {
          problems.add(
              "durability 'fsync' needs Redis 7.2 or Valkey 7.2, and %s is %s: use another version,"
                      .formatted(node.name(), node.version())
                  + " or appendfsync always, which makes every write wait for the disk");
        } else if (!node.appendsToFile()) {
          problems.add(
              "durability 'fsync' needs an append-only file, and %s has none: set appendonly yes"
                  .formatted(node.name()));
        }
      }
    }
    return List.copyOf(problems);
  }
}
