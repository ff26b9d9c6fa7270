package io.refold.eventstore.redis;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.redisson.config.BaseConfig;
import org.redisson.config.BaseMasterSlaveServersConfig;
import org.redisson.config.ClusterServersConfig;
import org.redisson.config.Config;
import org.redisson.config.DefaultNameMapper;
import org.redisson.config.NameMapper;
import org.redisson.config.ReadMode;
import org.redisson.config.SentinelServersConfig;

/** Redisson configurations with the defaults that an event store needs. */
final class RedisConnections {
  private static final int TIMEOUT_MILLIS = 5_000;

  /** A client must know new masters well before calls for them run out of patience. */
  private static final int SCAN_MILLIS = 1_000;

  private static final Pattern AUTHORITY =
      Pattern.compile("((?<user>[^:@]*)(:(?<password>[^@]*))?@)?(?<nodes>[^@]+)");

  /** More lenient than {@link URI#getHost()}, which knows no host names with an underscore. */
  private static final Pattern NODE =
      Pattern.compile("(?<host>\\[[0-9A-Fa-f:.]+]|[\\w.-]+)(:(?<port>\\d{1,5}))?");

  private RedisConnections() {}

  /**
   * Reads {@code redis[s]://[user[:password]@]host[:port][/database]}, or with several {@code
   * host[:port]}, separated by commas, the address of a cluster.
   */
  static Config ofUrl(String url) {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      throw notAnAddress("a part of it is not allowed in an address");
    }
    boolean known = "redis".equals(uri.getScheme()) || "rediss".equals(uri.getScheme());
    if (!known || uri.getRawAuthority() == null) {
      throw notAnAddress("it has no scheme redis or rediss, or no host");
    }
    if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
      throw notAnAddress("options behind '?' or '#' are not known");
    }
    Matcher authority = AUTHORITY.matcher(uri.getRawAuthority());
    if (!authority.matches()) {
      throw notAnAddress("its host or port is not valid");
    }
    List<String> nodes =
        Stream.of(authority.group("nodes").split(",", -1))
            .map(node -> node(uri.getScheme(), node))
            .toList();
    var config = new Config();
    int database = database(uri.getPath());
    BaseConfig<?> servers;
    if (nodes.size() == 1) {
      servers = config.useSingleServer().setAddress(nodes.getFirst()).setDatabase(database);
    } else if (database == 0) {
      servers = config.useClusterServers().addNodeAddress(nodes.toArray(String[]::new));
    } else {
      throw notAnAddress("a cluster has no database but 0");
    }
    servers.setTimeout(TIMEOUT_MILLIS);
    String user = decoded(authority.group("user"));
    if (!user.isEmpty()) {
      config.setUsername(user);
    }
    String password = decoded(authority.group("password"));
    if (!password.isEmpty()) {
      config.setPassword(password);
    }
    return config;
  }

  private static String node(String scheme, String text) {
    Matcher node = NODE.matcher(text);
    if (!node.matches()) {
      throw notAnAddress("its host or port is not valid");
    }
    String port = node.group("port") == null ? "6379" : node.group("port");
    return "%s://%s:%s".formatted(scheme, node.group("host"), port);
  }

  private static String decoded(@Nullable String part) {
    // a plus sign stands for itself here, unlike in forms
    return part == null ? "" : URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static int database(@Nullable String path) {
    if (path == null || path.length() < 2) {
      return 0;
    }
    try {
      return Integer.parseInt(path.substring(1));
    } catch (NumberFormatException e) {
      throw notAnAddress("its path is not the number of a database");
    }
  }

  /** The address itself stays out of the message: it may hold a password. */
  private static IllegalArgumentException notAnAddress(String reason) {
    return new IllegalArgumentException(
        "the Redis address is not"
            + " redis[s]://[user[:password]@]host[:port][,host[:port]...][/database]: "
            + reason);
  }

  /**
   * Returns a copy that reads from masters only and leaves repeating calls to us.
   *
   * @throws IllegalArgumentException if it names no servers that are known, or maps names
   */
  static Config safe(Config given) {
    checkNames(given.getNameMapper());
    var config = new Config(given);
    config.setCodec(BytesCodec.INSTANCE);
    config.setConnectionListener(new Disruptions(given.getConnectionListener()));
    config.setReferenceEnabled(false); // objects of Redisson's are never stored
    config.setUseScriptCache(false); // it would turn an EVAL within a pipeline into an EVALSHA
    if (config.isSingleConfig()) {
      strict(config.useSingleServer());
    } else if (config.isClusterConfig()) {
      ClusterServersConfig servers = fromMasters(config.useClusterServers());
      servers.setScanInterval(Math.min(servers.getScanInterval(), SCAN_MILLIS));
      strict(servers);
    } else if (config.isSentinelConfig()) {
      SentinelServersConfig servers = fromMasters(config.useSentinelServers());
      servers.setScanInterval(Math.min(servers.getScanInterval(), SCAN_MILLIS));
      strict(servers);
    } else {
      throw new IllegalArgumentException(
          "the Redisson config must name a single server, a cluster or sentinels");
    }
    return config;
  }

  static Config withPool(Config safe, int connections) {
    var config = new Config(safe);
    int idle = Math.min(2, connections);
    if (config.isSingleConfig()) {
      config
          .useSingleServer()
          .setConnectionMinimumIdleSize(idle)
          .setConnectionPoolSize(connections);
    } else if (config.isClusterConfig()) {
      config
          .useClusterServers()
          .setMasterConnectionMinimumIdleSize(idle)
          .setMasterConnectionPoolSize(connections);
    } else {
      config
          .useSentinelServers()
          .setMasterConnectionMinimumIdleSize(idle)
          .setMasterConnectionPoolSize(connections);
    }
    return config;
  }

  @SuppressWarnings("deprecation") // a server's own mapper still counts
  private static <T extends BaseConfig<T>> void strict(BaseConfig<T> servers) {
    checkNames(servers.getNameMapper());
    servers.setRetryAttempts(0);
  }

  /** Redisson maps only the keys of its own calls, and one store must not lie in two places. */
  private static void checkNames(NameMapper names) {
    if (!names.getClass().equals(DefaultNameMapper.class)) {
      throw new IllegalArgumentException(
          "the Redisson config must not map names: take its NameMapper %s away and use namespace(...), which every key begins with"
              .formatted(names.getClass().getName()));
    }
  }

  private static <T extends BaseMasterSlaveServersConfig<T>> T fromMasters(T servers) {
    return servers.setReadMode(ReadMode.MASTER);
  }
}
