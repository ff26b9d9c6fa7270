package io.refold.eventstore.redis;

import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.redisson.Redisson;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisException;
import org.redisson.client.RedisTimeoutException;
import org.redisson.command.CommandAsyncExecutor;

/**
 * What a {@link Check} reads from, and tells its findings. Not thread-safe.
 *
 * <p>It knows only commands that read, and takes pages of at most {@value #PAGE} elements.
 */
public final class Examination {
  /** How many elements of anything are read at once. */
  public static final int PAGE = 500;

  private static final long PATIENCE_SECONDS = 5;

  private final Namespace namespace;
  private final CommandAsyncExecutor commands;
  private final ServerNodes nodes;
  private final Extent extent;
  private final InstantSource clock;
  private final long deadline;
  private final List<Finding> findings = new ArrayList<>();

  /**
   * How much is looked at.
   *
   * @param thorough whether everything is, or samples
   * @param time how long it may take
   */
  record Extent(boolean thorough, Duration time) {}

  /** The time is over. */
  static final class OutOfTimeException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OutOfTimeException(Duration time) {
      super(
          "the time for the examination, %d s, is over, and what was found until then is all there is"
              .formatted(time.toSeconds()));
    }
  }

  Examination(
      RedissonClient redisson,
      String namespace,
      ServerNodes nodes,
      Extent extent,
      InstantSource clock) {
    this.commands = ((Redisson) redisson).getCommandExecutor();
    this.nodes = nodes;
    this.extent = extent;
    this.clock = clock;
    this.deadline = System.nanoTime() + extent.time().toNanos();
    this.namespace = Namespace.read(namespace, this);
  }

  /** Returns the namespace: the first part of every key. */
  public String namespace() {
    return namespace.name();
  }

  /** Returns the number of partitions; 0 if there is no store, or none that can be understood. */
  public int partitions() {
    return namespace.partitions();
  }

  /** Returns the hash tag of a partition, with its braces. */
  public String partitionTag(int partition) {
    return namespace.keys().tag(partition);
  }

  /** Tells whether everything is to be looked at, or samples. */
  public boolean thorough() {
    return extent.thorough();
  }

  /** Returns how many of something to look at: this many, or all. */
  public long atMost(int sample) {
    return thorough() ? Long.MAX_VALUE : sample;
  }

  /** Tells what was found; see {@link Illness#found}. */
  public void report(Finding finding) {
    findings.add(finding);
  }

  List<Finding> findings() {
    return findings;
  }

  Namespace layout() {
    return namespace;
  }

  InstantSource clock() {
    return clock;
  }

  ServerNodes nodes() {
    return nodes;
  }

  /**
   * Calls a command that only reads, at the master of a key.
   *
   * @return bytes, a {@link Long}, a text, null, or a list of these
   * @throws IllegalArgumentException if the command may write
   * @throws RedisException if it has failed
   */
  public @Nullable Object call(String key, String command, Object... args) {
    return await(callAsync(key, command, args));
  }

  /** Calls commands that only read, one for each element, {@value #PAGE} at a time. */
  <T> List<@Nullable Object> callEach(
      List<T> elements, Function<T, CompletableFuture<@Nullable Object>> call) {
    var replies = new ArrayList<@Nullable Object>(elements.size());
    for (int from = 0; from < elements.size(); from += PAGE) {
      var calls =
          elements.subList(from, Math.min(from + PAGE, elements.size())).stream()
              .map(call)
              .toList();
      for (CompletableFuture<@Nullable Object> reply : calls) {
        replies.add(await(reply));
      }
    }
    return replies;
  }

  CompletableFuture<@Nullable Object> callAsync(String key, String command, Object... args) {
    ReadCommands.check(command, args);
    inTime();
    return commands
        .<Object, @Nullable Object>writeAsync(
            key, BytesCodec.INSTANCE, ReadCommands.raw(command), args) // at the master, that is
        .toCompletableFuture();
  }

  private static @Nullable Object await(CompletableFuture<@Nullable Object> reply) {
    try {
      return reply.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new RedisTimeoutException("no answer within " + PATIENCE_SECONDS + " seconds");
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RedisException told ? told : new RedisException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RedisException("interrupted", e);
    }
  }

  /** Ends the check if the time is over. */
  void inTime() {
    if (System.nanoTime() - deadline > 0) {
      throw new OutOfTimeException(extent.time());
    }
  }

  /** Reads a hash in pages; empty if there is none. */
  public Map<String, String> hash(String key) {
    var fields = new HashMap<String, String>();
    String cursor = "0";
    do {
      List<?> reply = ReadCommands.list(call(key, "HSCAN", key, cursor, "COUNT", PAGE));
      cursor = ReadCommands.text(reply.getFirst());
      List<?> page = ReadCommands.list(reply.get(1));
      for (int i = 0; i < page.size(); i += 2) {
        fields.put(ReadCommands.text(page.get(i)), ReadCommands.text(page.get(i + 1)));
      }
    } while (!cursor.equals("0"));
    return fields;
  }

  /** Returns the names of the consumer groups of a stream; none if there is no stream. */
  public List<String> groups(String key) {
    if (!exists(key)) {
      return List.of();
    }
    var names = new ArrayList<String>();
    for (Object group : ReadCommands.list(call(key, "XINFO", "GROUPS", key))) {
      names.add(ReadCommands.text(ReadCommands.list(group).get(1)));
    }
    return names;
  }

  /** Tells whether there is a key. */
  public boolean exists(String key) {
    return Long.valueOf(1).equals(call(key, "EXISTS", key));
  }

  /** Tells whether a stream has an entry with exactly this id. */
  public boolean holds(String key, String id) {
    return !ReadCommands.list(call(key, "XRANGE", key, id, id)).isEmpty();
  }

  /** Returns the id of a stream's newest entry; {@code 0-0} if it has none. */
  public String newest(String key) {
    List<?> entries = ReadCommands.list(call(key, "XREVRANGE", key, "+", "-", "COUNT", 1));
    return entries.isEmpty()
        ? "0-0"
        : ReadCommands.text(ReadCommands.list(entries.getFirst()).getFirst());
  }

  /** Returns the time of the master of a key, in microseconds since 1970. */
  public long micros(String key) {
    return ServerNode.micros(call(key, "TIME"));
  }

  /**
   * Looks at every server's keys, in pages.
   *
   * @param pattern what the names are to match, as SCAN has it
   * @param most how many keys of each server to go through, whether they match or not
   * @param page takes names; one may come twice
   * @return whether all keys of all servers were gone through
   */
  boolean scan(String pattern, long most, Consumer<List<String>> page) {
    boolean all = true;
    for (ServerNode node : nodes.masters()) {
      String cursor = "0";
      long looked = 0;
      do {
        inTime();
        List<?> reply =
            ReadCommands.list(node.call("SCAN", cursor, "MATCH", pattern, "COUNT", PAGE));
        cursor = ReadCommands.text(reply.getFirst());
        page.accept(ReadCommands.list(reply.get(1)).stream().map(ReadCommands::text).toList());
        looked += PAGE;
      } while (!cursor.equals("0") && looked < most);
      all &= cursor.equals("0");
    }
    return all;
  }

  /** Looks at servers one by one; one that cannot be looked at does not keep from the others. */
  void each(List<ServerNode> servers, Check check, Consumer<ServerNode> look) {
    for (ServerNode node : servers) {
      try {
        look.accept(node);
      } catch (RuntimeException e) {
        unchecked(check.subject() + " at " + node.name(), e);
      }
    }
  }

  /** Looks at partitions one by one; one whose master is away does not keep from the others. */
  void eachPartition(Check check, IntConsumer look) {
    for (int partition = 0; partition < partitions(); partition++) {
      try {
        look.accept(partition);
      } catch (OutOfTimeException e) {
        throw e;
      } catch (RuntimeException e) {
        unchecked("%s of partition %d".formatted(check.subject(), partition), e);
      }
    }
  }

  /** Reports that something could not be looked at. */
  void unchecked(String what, RuntimeException why) {
    String told =
        why instanceof RedisException
            ? String.valueOf(RedisErrors.translate(what, why).getMessage())
            : what + ": " + why.getMessage();
    report(Doctor.NOT_CHECKED.found("%s", told));
  }
}
