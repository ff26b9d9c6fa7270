package io.refold.eventstore.redis;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.redisson.Redisson;
import org.redisson.api.RScript;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisNoScriptException;
import org.redisson.config.Config;

/**
 * The connection of an open store: where its keys lie, and how scripts run. For code that keeps
 * further data beside the events, such as projections. Thread-safe.
 *
 * <p>A call is never repeated by itself after it may have been executed. One that the server
 * certainly did not execute (it is loading, moves the slot, lost its scripts …) is repeated with
 * growing pauses for up to 5 seconds.
 */
public final class RedisSession {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final long FIRST_PAUSE_MILLIS = 2;
  private static final long LONGEST_PAUSE_MILLIS = 200;

  private static final Executor CALLERS =
      Executors.newFixedThreadPool(
          Math.max(2, Runtime.getRuntime().availableProcessors()),
          Thread.ofPlatform().name("refold-redis-", 0).daemon().factory());

  private final RedissonClient redisson;
  private final Config config;
  private final Keys keys;
  private final RScript scripts;

  RedisSession(RedissonClient redisson, Config config, Keys keys) {
    this.redisson = redisson;
    this.config = config;
    this.keys = keys;
    this.scripts = redisson.getScript(BytesCodec.INSTANCE);
  }

  /** Returns the namespace: the first part of every key. */
  public String namespace() {
    return keys.namespace();
  }

  /**
   * Returns the hash tag that puts a key into a partition's slot, with its braces: <code>
   * {ns:p/P.k}</code>.
   */
  public String partitionTag(int partition) {
    return keys.tag(partition);
  }

  /** Returns the key of a partition's log. */
  public String logKey(int partition) {
    return keys.log(partition);
  }

  /** Returns the client, configured to read from masters and never to repeat a call. */
  public RedissonClient redisson() {
    return redisson;
  }

  /**
   * Opens another client to the same server, for calls that block. The caller shuts it down.
   *
   * @param connections how many connections it may open to a node
   */
  public RedissonClient newClient(int connections) {
    return Redisson.create(RedisConnections.withPool(config, connections));
  }

  /**
   * Runs a script and waits for its reply.
   *
   * @param script the script
   * @param keys every key it touches, all of one slot
   * @param args texts, numbers or bytes
   * @return a {@link Long}, bytes, null, or a list of these
   * @throws StoreUnavailableException if the script was not executed
   * @throws ReplyLostException if it may have been executed
   */
  public @Nullable Object eval(RedisScript script, List<String> keys, Object... args) {
    return await(evalAsync(script, keys, args));
  }

  /**
   * Runs a script; the stage fails as {@link #eval} throws.
   *
   * @param script the script
   * @param keys every key it touches, all of one slot
   * @param args texts, numbers or bytes
   */
  public CompletionStage<@Nullable Object> evalAsync(
      RedisScript script, List<String> keys, Object... args) {
    return attempt(script.name(), () -> send(script, keys, args));
  }

  /** Waits for a reply, and throws what it failed with. */
  static <T extends @Nullable Object> T await(CompletionStage<T> reply) {
    try {
      return reply.toCompletableFuture().get();
    } catch (ExecutionException e) {
      throw RedisErrors.translate("a call", RedisErrors.cause(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ReplyLostException("interrupted while waiting for Redis", e);
    }
  }

  /** Sends a call, again while it is certain that the server did not execute it. */
  <T extends @Nullable Object> CompletableFuture<T> attempt(
      String what, Supplier<CompletionStage<T>> call) {
    return attempt(what, call, System.nanoTime() + PATIENCE.toNanos(), FIRST_PAUSE_MILLIS);
  }

  private static <T extends @Nullable Object> CompletableFuture<T> attempt(
      String what, Supplier<CompletionStage<T>> call, long giveUp, long pauseMillis) {
    return started(call)
        .exceptionallyCompose(failure -> {
          Throwable cause = RedisErrors.cause(failure);
          if (RedisErrors.passes(cause) && System.nanoTime() < giveUp) {
            var later = CompletableFuture.delayedExecutor(pauseMillis, TimeUnit.MILLISECONDS);
            return CompletableFuture.supplyAsync(() -> what, later)
                .thenCompose(again ->
                    attempt(again, call, giveUp, Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS)));
          }
          return CompletableFuture.failedFuture(RedisErrors.translate(what, cause));
        });
  }

  /**
   * Starts a call of Redisson, never on a virtual thread.
   *
   * <p>Redisson 4.7 hands out connections through a queue that spins while another thread is
   * between two steps of adding to it, the second of which takes a lock (Redisson's issue 7285).
   * Spinning virtual threads keep their carriers, so that other thread may never run: on two cores,
   * 64 virtual threads hung within seconds. The operating system gives every platform thread its
   * turn.
   */
  private static <T extends @Nullable Object> CompletableFuture<T> started(
      Supplier<CompletionStage<T>> call) {
    return Thread.currentThread().isVirtual()
        ? CompletableFuture.supplyAsync(call, CALLERS).thenCompose(stage -> stage)
        : call.get().toCompletableFuture();
  }

  /** Reads with patience: reading again does no harm. */
  <T> T read(String what, Supplier<CompletionStage<T>> call) {
    return await(attempt(what, call));
  }

  private CompletionStage<@Nullable Object> send(
      RedisScript script, List<String> keys, Object[] args) {
    List<Object> names = new ArrayList<>(keys);
    String slot = keys.getFirst();
    CompletionStage<@Nullable Object> cached =
        scripts.evalShaAsync(
            slot, RScript.Mode.READ_WRITE, script.sha(), RScript.ReturnType.LIST, names, args);
    return cached.exceptionallyCompose(failure -> {
      Throwable cause = RedisErrors.cause(failure);
      return cause instanceof RedisNoScriptException
          ? scripts.evalAsync(
              slot, RScript.Mode.READ_WRITE, script.source(), RScript.ReturnType.LIST, names, args)
          : CompletableFuture.failedFuture(cause);
    });
  }

  /** Returns a reply's bytes as text. */
  public static String text(Object bytes) {
    return Entries.text(bytes);
  }

  /**
   * Reads a log entry that a script returned.
   *
   * @param partition the log's partition
   * @param id the entry's id
   * @param lines the entry's field {@code w}
   */
  public static LogEntry logEntry(int partition, String id, byte[] lines) {
    return Entries.logEntry(partition, id, lines);
  }

  void close() {
    redisson.shutdown(0, 2, TimeUnit.SECONDS);
  }
}
