package io.refold.eventstore.redis;

import io.refold.eventstore.StoreMisconfiguredException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisException;
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
    try (var nodes = new ServerNodes(redisson)) {
      for (ServerNode node : nodes.masters()) {
        if (!node.appendsToFile()) {
          problems.add(
              "%s has no append-only file, so a crash would lose keys, and with them data: set appendonly yes"
                  .formatted(node.name()));
          continue;
        }
        String sync = sync(node);
        if (sync.equals("no") || (!sync.equals("always") && !node.hasWaitaof())) {
          problems.add(
              "appendfsync of %s is %s, so a crash would lose new keys, and with them data: set always (or everysec, from version 7.2 on)"
                  .formatted(node.name(), sync));
        }
        wait |= !sync.equals("always");
      }
    }
    if (!problems.isEmpty()) {
      throw new StoreMisconfiguredException(RedisEventStoreBuilder.servers(config), problems);
    }
    return wait;
  }

  /** Where CONFIG is forbidden, as on many managed servers, the worst that can be waited for. */
  private static String sync(ServerNode node) {
    try {
      return node.setting("appendfsync");
    } catch (RedisException e) {
      if (!RedisErrors.answered(e)) {
        throw e;
      }
      return "unknown";
    }
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
    try (var nodes = new ServerNodes(redisson)) {
      return nodes.masters().stream()
          .map(node -> node.fact("run_id"))
          .filter(run -> !run.isEmpty())
          .toList();
    }
  }
}
