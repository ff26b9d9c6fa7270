package io.refold.eventstore.redis;

import io.refold.eventstore.EventStoreException;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreMisconfiguredException;
import io.refold.eventstore.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisException;
import org.redisson.config.Config;

/**
 * Makes sure that servers keep what they have confirmed: a lost key is lost data. Looks at them
 * before the first key, and again after disruptions: then they may be others. Thread-safe.
 */
final class KeyServerCheck {
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final RedissonClient redisson;
  private final Config config;
  private final ReentrantLock looking = new ReentrantLock();
  private volatile @Nullable Seen seen;

  /** What was found when there had been so many disruptions. */
  private record Seen(boolean waits, long disruptions) {}

  private KeyServerCheck(RedissonClient redisson, Config config) {
    this.redisson = redisson;
    this.config = config;
  }

  /**
   * Looks at the servers for the first time.
   *
   * @throws StoreMisconfiguredException if a server cannot keep keys
   * @throws RedisException if one does not answer
   */
  static KeyServerCheck of(RedissonClient redisson, Config config) {
    ServerCheck.check(redisson, config);
    var check = new KeyServerCheck(redisson, config);
    check.look(0);
    return check;
  }

  /**
   * Tells whether writes must be waited for: wherever servers can be asked to, so that it does not
   * matter how they are configured now.
   *
   * @throws StoreMisconfiguredException if a server cannot keep keys
   * @throws StoreUnavailableException if one does not answer
   */
  boolean mustWait() {
    long disruptions = Disruptions.of(config).number();
    if (!isUpToDate(disruptions)) {
      turn();
      try {
        if (!isUpToDate(disruptions)) {
          onItsOwnThread("the check of the key servers", () -> look(disruptions));
        }
      } finally {
        looking.unlock();
      }
    }
    return Objects.requireNonNull(seen).waits();
  }

  /** One thread looks; the others do not wait for one after the other where a server hangs. */
  private void turn() {
    boolean mine = false;
    try {
      mine = looking.tryLock(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (!mine) {
      throw new StoreUnavailableException(
          "the key servers do not say whether they keep new keys: try again", null);
    }
  }

  private boolean isUpToDate(long disruptions) {
    Seen last = seen;
    return last != null && last.disruptions() >= disruptions;
  }

  private boolean look(long disruptions) {
    var problems = new ArrayList<String>();
    boolean lazy = false;
    boolean canWait = true;
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
        lazy |= !sync.equals("always");
        canWait &= node.hasWaitaof();
      }
    }
    if (!problems.isEmpty()) {
      throw new StoreMisconfiguredException(RedisEventStoreBuilder.servers(config), problems);
    }
    seen = new Seen(lazy || canWait, disruptions);
    return true;
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
    return onItsOwnThread(
        "the comparison of servers",
        () -> {
          Set<String> runs = new HashSet<>(runs(one));
          runs.retainAll(runs(other));
          return !runs.isEmpty();
        });
  }

  private static boolean onItsOwnThread(String what, Supplier<Boolean> asking) {
    try {
      return CompletableFuture.supplyAsync(
              asking, task -> Thread.ofPlatform().name("refold-key-servers").daemon().start(task))
          .join();
    } catch (CompletionException e) {
      EventStoreException told = RedisErrors.translate(what, RedisErrors.cause(e));
      throw told instanceof ReplyLostException lost
          ? new StoreUnavailableException(String.valueOf(lost.getMessage()), lost)
          : told;
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
