package io.refold.eventstore.redis;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.redisson.client.RedisClient;
import org.redisson.client.RedisConnection;
import org.redisson.client.RedisException;
import org.redisson.client.RedisTimeoutException;

/** One server, asked over a connection of its own for what only reads. Not thread-safe. */
final class ServerNode implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 5;
  private static final int VALKEY = 7_002;
  private static final int WAITAOF = 7_002;
  private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+).*");

  private final RedisClient client;
  private final String name;
  private final boolean own;
  private @Nullable RedisConnection connection;
  private @Nullable Map<String, String> info;
  private @Nullable RedisException away;

  /**
   * Describes a server; it is connected to when it is first asked.
   *
   * @param own whether the client is to be shut down with it
   */
  ServerNode(RedisClient client, boolean own) {
    this.client = client;
    this.own = own;
    this.name =
        client.getConfig().getAddress().getHost() + ":" + client.getConfig().getAddress().getPort();
  }

  String name() {
    return name;
  }

  /** Returns all that the server tells of itself, read once. */
  Map<String, String> info() {
    Map<String, String> known = info;
    if (known == null) {
      known = lines(ReadCommands.text(call("INFO")));
      info = known;
    }
    return known;
  }

  static Map<String, String> lines(String text) {
    var lines = new HashMap<String, String>();
    text.lines()
        .forEach(line -> {
          int colon = line.indexOf(':');
          if (colon > 0) {
            lines.put(line.substring(0, colon), line.substring(colon + 1));
          }
        });
    return lines;
  }

  /** Returns a part of what the server tells of itself; {@code ""} where it does not. */
  String fact(String name) {
    return info().getOrDefault(name, "");
  }

  /** Returns the version of Redis or Valkey. */
  String version() {
    String valkey = fact("valkey_version");
    return valkey.isEmpty() ? fact("redis_version") : valkey;
  }

  /**
   * Compares its version with one of Redis: 1,000 times the first number plus the second. Valkey
   * begins with 7.2.
   */
  boolean isAtLeast(int redis) {
    int needed = fact("valkey_version").isEmpty() ? redis : Math.max(redis, VALKEY);
    Matcher parts = VERSION.matcher(version());
    return parts.matches()
        && 1_000 * Integer.parseInt(parts.group(1)) + Integer.parseInt(parts.group(2)) >= needed;
  }

  /** Tells whether it can say that something is on its disk. */
  boolean hasWaitaof() {
    return isAtLeast(WAITAOF);
  }

  /** Tells whether it has an append-only file. */
  boolean appendsToFile() {
    return fact("aof_enabled").equals("1");
  }

  /** Returns a number that the server tells of itself; 0 where it does not. */
  long number(String name) {
    String text = fact(name);
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  boolean isMaster() {
    return fact("role").equals("master");
  }

  /** Returns a setting; {@code ""} where the server does not know it. */
  String setting(String name) {
    List<?> reply = ReadCommands.list(call("CONFIG", "GET", name));
    return reply.size() < 2 ? "" : ReadCommands.text(reply.get(1));
  }

  long settingNumber(String name) {
    String text = setting(name);
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  /** Calls a command that only reads. */
  @Nullable Object call(String command, Object... args) {
    ReadCommands.check(command, args);
    if (away != null) {
      throw away; // waiting for it once is enough
    }
    return await(
        connection()
            .<Object, Object>async(
                TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS),
                BytesCodec.INSTANCE,
                ReadCommands.raw(command),
                args)
            .toCompletableFuture());
  }

  private RedisConnection connection() {
    RedisConnection open = connection;
    if (open == null) {
      CompletableFuture<RedisConnection> connecting = client.connectAsync().toCompletableFuture();
      try {
        open = Objects.requireNonNull(await(connecting));
      } catch (RedisException e) { // it may come too late
        var unused = connecting.thenAccept(ServerNode::close);
        throw e;
      }
      connection = open;
    }
    return open;
  }

  private <T extends @Nullable Object> T await(CompletableFuture<T> reply) {
    try {
      return reply.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw gone(new RedisTimeoutException("no answer within " + PATIENCE_SECONDS + " seconds"));
    } catch (ExecutionException e) {
      RedisException told =
          e.getCause() instanceof RedisException known ? known : new RedisException(e.getCause());
      throw connection == null || told instanceof RedisTimeoutException ? gone(told) : told;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RedisException("interrupted", e);
    }
  }

  private RedisException gone(RedisException why) {
    away = why;
    return why;
  }

  @Override
  public void close() {
    RedisConnection open = connection;
    connection = null;
    if (open != null) {
      close(open);
    }
    if (own) {
      var unused = client.shutdownAsync();
    }
  }

  /** Closed in another way it counts as lost, and later real losses no more. */
  private static void close(RedisConnection open) {
    var unused = open.closeIdleAsync();
  }

  /**
   * What a master tells of one of its replicas.
   *
   * @param ip its address
   * @param port its port
   * @param state {@code online}, or what it waits for
   * @param offset how many bytes it has received
   * @param lag how many seconds ago it was heard of
   */
  record Replica(String ip, String port, String state, long offset, long lag) {
    private static final Pattern TOLD =
        Pattern.compile("ip=([^,]*),port=(\\d+),state=([^,]*),offset=(\\d+),lag=(\\d+).*");

    static Optional<Replica> of(String told) {
      Matcher parts = TOLD.matcher(told);
      return parts.matches()
          ? Optional.of(
              new Replica(
                  parts.group(1),
                  parts.group(2),
                  parts.group(3),
                  Long.parseLong(parts.group(4)),
                  Long.parseLong(parts.group(5))))
          : Optional.empty();
    }

    String name() {
      return (ip.contains(":") ? "[" + ip + "]" : ip) + ":" + port;
    }
  }

  /** Returns what a master tells of its replicas. */
  List<Replica> replicas() {
    var replicas = new ArrayList<Replica>();
    for (int i = 0; !fact("slave" + i).isEmpty(); i++) {
      Replica.of(fact("slave" + i)).ifPresent(replicas::add);
    }
    return replicas;
  }

  /** Returns the scheme of its address. */
  String scheme() {
    return client.getConfig().getAddress().getScheme();
  }

  /** Reads the reply to TIME. */
  static long micros(@Nullable Object time) {
    List<?> parts = ReadCommands.list(time);
    return 1_000_000 * Long.parseLong(ReadCommands.text(parts.get(0)))
        + Long.parseLong(ReadCommands.text(parts.get(1)));
  }
}
