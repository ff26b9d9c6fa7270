package io.refold.eventstore.redis;

import io.refold.eventstore.StoreMisconfiguredException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.redisson.api.RedissonClient;
import org.redisson.api.redisnode.RedisNode;
import org.redisson.api.redisnode.RedisNode.InfoSection;
import org.redisson.config.Config;

/** Makes sure that servers keep what they have confirmed: a lost key is lost data. */
final class KeyServerCheck {
  private KeyServerCheck() {}

  /**
   * Tells whether writes must be waited for because the servers confirm them earlier.
   *
   * @throws StoreMisconfiguredException if a server cannot keep keys
   */
  static boolean mustWait(RedissonClient redisson, Config config) {
    ServerCheck.check(redisson, config);
    var problems = new ArrayList<String>();
    boolean wait = false;
    for (RedisNode node : ServerCheck.masters(redisson, config)) {
      if (!ServerCheck.appendsToFile(node)) {
        problems.add(
            "there is no append-only file, so a crash would lose keys, and with them data: set"
                + " appendonly yes");
        continue;
      }
      String sync = ServerCheck.setting(node, "appendfsync");
      boolean canWait = ServerCheck.isAtLeast(Disks.WAITAOF_SINCE, node.info(InfoSection.SERVER));
      if (sync.equals("no") || (!sync.equals("always") && !canWait)) {
        problems.add(
            "appendfsync is '%s', so a crash would lose new keys, and with them data: set always (or everysec, from version 7.2 on)"
                .formatted(sync.isEmpty() ? "unknown" : sync));
      }
      wait |= !sync.equals("always");
    }
    if (!problems.isEmpty()) {
      throw new StoreMisconfiguredException(RedisEventStoreBuilder.servers(config), problems);
    }
    return wait;
  }

  /** Tells whether two clients have a server in common, whatever they call it. */
  static boolean sameServer(RedissonClient one, RedissonClient other) {
    try {
      return CompletableFuture.supplyAsync(
              () -> {
                Set<String> runs = new HashSet<>(runs(one));
                runs.retainAll(runs(other));
                return !runs.isEmpty();
              },
              task -> Thread.ofPlatform().name("refold-same-server").start(task))
          .join();
    } catch (CompletionException e) {
      throw RedisErrors.translate("comparing servers", RedisErrors.cause(e));
    }
  }

  private static List<String> runs(RedissonClient redisson) {
    return ServerCheck.masters(redisson, redisson.getConfig()).stream()
        .map(node -> node.info(InfoSection.SERVER).getOrDefault("run_id", ""))
        .filter(run -> !run.isEmpty())
        .toList();
  }
}
