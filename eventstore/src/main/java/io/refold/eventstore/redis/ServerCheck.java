package io.refold.eventstore.redis;

import io.refold.eventstore.StoreMisconfiguredException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.redisson.api.RedissonClient;
import org.redisson.api.redisnode.RedisMaster;
import org.redisson.api.redisnode.RedisNode;
import org.redisson.api.redisnode.RedisNode.InfoSection;
import org.redisson.api.redisnode.RedisNodes;
import org.redisson.client.RedisException;
import org.redisson.config.Config;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at the masters before a store uses them: refuses what loses history, warns of the rest. */
final class ServerCheck {
  private static final Logger LOG = LoggerFactory.getLogger(RedisEventStore.class);
  private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+).*");

  private ServerCheck() {}

  /**
   * Returns what can be lost with these servers, one sentence each.
   *
   * @throws StoreMisconfiguredException if a server cannot keep an event store
   */
  static List<String> check(RedissonClient redisson, Config config) {
    var problems = new ArrayList<String>();
    var warnings = new ArrayList<String>();
    String servers = "";
    for (RedisNode node : masters(redisson, config)) {
      String name = node.getAddr().toString();
      servers = servers.isEmpty() ? name : servers + ", " + name;
      try {
        inspect(node, problems, warnings);
        if (config.isSingleConfig() && isInCluster(node)) {
          problems.add(
              "it is a node of a cluster: give the addresses of several nodes, separated by commas,"
                  + " or a configuration with useClusterServers()");
        }
      } catch (RedisException e) {
        if (!RedisErrors.refused(e)) {
          throw e;
        }
        warnings.add(
            "INFO is not permitted, so its version, maxmemory-policy (must be noeviction) and"
                + " append-only file are not checked: grant +info");
      }
    }
    if (!problems.isEmpty()) {
      throw new StoreMisconfiguredException("Redis at " + servers, problems);
    }
    for (String warning : warnings) {
      LOG.warn("Redis at {}: {}", servers, warning);
    }
    return List.copyOf(warnings);
  }

  static List<? extends RedisNode> masters(RedissonClient redisson, Config config) {
    if (config.isClusterConfig()) {
      return List.copyOf(redisson.getRedisNodes(RedisNodes.CLUSTER).getMasters());
    }
    if (config.isSentinelConfig()) {
      RedisMaster master = redisson.getRedisNodes(RedisNodes.SENTINEL_MASTER_SLAVE).getMaster();
      return List.of(master);
    }
    return List.of(redisson.getRedisNodes(RedisNodes.SINGLE).getInstance());
  }

  private static boolean isInCluster(RedisNode node) {
    return node.info(InfoSection.CLUSTER).getOrDefault("cluster_enabled", "0").equals("1");
  }

  private static void inspect(RedisNode node, List<String> problems, List<String> warnings) {
    checkVersion(node.info(InfoSection.SERVER), problems);
    Map<String, String> memory = node.info(InfoSection.MEMORY);
    String policy = memory.getOrDefault("maxmemory_policy", "noeviction");
    if (!policy.equals("noeviction")) {
      problems.add(
          "maxmemory-policy is '%s', which deletes history when memory is short: set it to noeviction"
              .formatted(policy));
    }
    if (!appendsToFile(node)) {
      warnings.add(
          "there is no append-only file, so a crash loses everything since the last snapshot, or"
              + " all: set appendonly yes");
      return;
    }
    String sync = setting(node, "appendfsync");
    if (sync.equals("no")) {
      warnings.add(
          "appendfsync is 'no', so a crash of the machine loses what its kernel had not yet"
              + " written (often 30 seconds): set everysec or always");
    } else if (sync.isEmpty()) {
      warnings.add(
          "CONFIG GET is not permitted, so appendfsync is not checked: see that it is everysec or"
              + " always, or grant +config|get");
    }
  }

  static boolean appendsToFile(RedisNode node) {
    return node.info(InfoSection.PERSISTENCE).getOrDefault("aof_enabled", "0").equals("1");
  }

  private static void checkVersion(Map<String, String> server, List<String> problems) {
    if (!isAtLeast(7_000, server)) {
      problems.add(
          "its version is %s: Redis 7.0 or Valkey 7.2 is needed".formatted(version(server)));
    }
  }

  /**
   * Compares versions, each as 1,000 times the first number plus the second. Valkey begins with
   * 7.2.
   */
  static boolean isAtLeast(int redis, Map<String, String> server) {
    int needed = server.containsKey("valkey_version") ? Math.max(redis, 7_002) : redis;
    Matcher parts = VERSION.matcher(version(server));
    return parts.matches()
        && 1_000 * Integer.parseInt(parts.group(1)) + Integer.parseInt(parts.group(2)) >= needed;
  }

  static String version(Map<String, String> server) {
    String redis = server.getOrDefault("redis_version", "?");
    return server.getOrDefault("valkey_version", redis);
  }

  /** Returns a setting, or an empty text where CONFIG is forbidden, as on many managed servers. */
  static String setting(RedisNode node, String name) {
    try {
      return node.getConfig(name).getOrDefault(name, "");
    } catch (RedisException e) {
      LOG.debug("{} cannot be read: {}", name, e.getMessage());
      return "";
    }
  }
}
