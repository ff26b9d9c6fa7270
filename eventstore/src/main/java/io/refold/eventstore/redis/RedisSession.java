package io.refold.eventstore.redis;

import io.refold.eventstore.Confirmation;
import io.refold.eventstore.Durability;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.redisson.Redisson;
import org.redisson.api.RScript;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisAskException;
import org.redisson.client.RedisMovedException;
import org.redisson.client.RedisNoScriptException;
import org.redisson.client.RedisNodeNotFoundException;
import org.redisson.client.RedisTryAgainException;
import org.redisson.config.Config;
import org.redisson.connection.MasterSlaveEntry;

/**
 * The connection of an open store: where its keys lie, and how scripts run. For code that keeps
 * further data beside the events, such as projections. Thread-safe.
 *
 * <p>A call is never repeated by itself after it may have been executed. One that the server
 * certainly did not execute (it is loading, moves the slot, lost its scripts …) is repeated with
 * growing pauses for up to 5 seconds.
 */
public final class RedisSession {
  /** After which failures a call may be sent again that expects the history it was made from. */
  static final Predicate<Throwable> ON_SAME_SERVER =
      failure -> failure instanceof RedisTryAgainException;

  private static final RScript.Mode MODE = RScript.Mode.READ_WRITE;
  private static final RScript.ReturnType LIST = RScript.ReturnType.LIST;

  private final RedissonClient redisson;
  private final Config config;
  private final Keys keys;
  private final Pipeline calls;
  private final Pipeline reads;
  private final Masters masters;
  private final ConfirmedCalls confirmed;
  private final BulkReads bulk;
  private final Disruptions disruptions;
  private final Attempts attempts;
  private final Set<Known> known = ConcurrentHashMap.newKeySet();

  /** A script that a master has executed, by its SHA-1, so that it has lost it if it lacks it. */
  private record Known(MasterSlaveEntry master, String sha) {}

  RedisSession(RedissonClient redisson, Config config, Keys keys) {
    this.redisson = redisson;
    this.config = config;
    this.keys = keys;
    this.disruptions = Disruptions.of(config);
    this.attempts = new Attempts(disruptions);
    this.masters = new Masters(redisson);
    this.calls = new Pipeline(redisson, masters, "calls");
    this.reads = new Pipeline(redisson, masters, "reads");
    this.confirmed = new ConfirmedCalls(masters);
    this.bulk = new BulkReads(redisson);
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
   * Runs a script that changes nothing of what anybody asks for, and waits for its reply.
   *
   * @param script the script; it may be executed several times
   * @param keys every key it touches, all of one slot
   * @param args texts, numbers or bytes
   * @return a {@link Long}, bytes, null, or a list of these
   * @throws StoreUnavailableException if there is no reply: a lost one leaves nothing unknown
   */
  public @Nullable Object evalRead(RedisScript script, List<String> keys, Object... args) {
    return evalRead(script.on(keys), script, keys, args);
  }

  /** Runs a script that only reads; the error names what was read. */
  @Nullable Object evalRead(String what, RedisScript script, List<String> keys, Object... args) {
    return awaitRead(reading(what, script, keys, args));
  }

  /**
   * Runs a script that changes nothing of what anybody asks for; the stage fails as {@link
   * #evalRead} throws.
   *
   * @param script the script; it may be executed several times
   * @param keys every key it touches, all of one slot
   * @param args texts, numbers or bytes
   */
  public CompletionStage<@Nullable Object> evalReadAsync(
      RedisScript script, List<String> keys, Object... args) {
    return unavailable(reading(script.on(keys), script, keys, args));
  }

  private CompletableFuture<@Nullable Object> reading(
      String what, RedisScript script, List<String> keys, Object[] args) {
    return attempts.make(
        what, () -> send(script, keys, args, RedisErrors::readAgain), RedisErrors::readAgain);
  }

  /**
   * Runs a script, and waits until what it has written has reached a level, or the time for that is
   * over. Only the script's own reply counts for what is thrown.
   *
   * @param what names the call in errors
   * @param again after which failures it may run again
   * @param wrote whether a reply means that it has written
   * @param level nothing is waited for at the level of memory
   */
  ConfirmedCall.Outcome evalConfirmed(
      String what,
      Predicate<Throwable> again,
      Predicate<@Nullable Object> wrote,
      Durability level,
      RedisScript script,
      List<String> keys,
      Object... args) {
    if (level instanceof Durability.Memory) {
      Object reply = await(attempts.make(what, () -> send(script, keys, args, again), again));
      return new ConfirmedCall.Outcome(reply, Confirmation.memory());
    }
    BiFunction<String, String, CompletableFuture<ConfirmedCall.Outcome>> way =
        (verb, text) -> confirmed.submit(level, wrote, verb, text, keys, args);
    return await(
        attempts.make(
            what,
            () ->
                send(script, keys, way, again)
                    .exceptionallyCompose(failure -> {
                      Throwable cause = RedisErrors.cause(failure);
                      if (cause instanceof RedisMovedException moved) {
                        masters.learn(moved);
                      }
                      return cause instanceof RedisAskException // that slot is being moved
                          ? send(script, keys, args, again)
                              .thenApply(reply ->
                                  new ConfirmedCall.Outcome(reply, Confirmation.unknown(level)))
                          : CompletableFuture.failedFuture(cause);
                    }),
            again));
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
    return attempts.make(
        script.on(keys), () -> send(script, keys, args, RedisErrors::passes), RedisErrors::passes);
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

  /** Reads one thing that lies at a key, with patience: reading again does no harm. */
  <T> T read(String what, String key, Function<Target, CompletionStage<T>> call) {
    return awaitRead(attempts.make(what, () -> calls.submit(key, call), RedisErrors::readAgain));
  }

  /** Reads many things, each at its key, without standing in the way of single calls. */
  <T> CompletableFuture<T> readAsync(
      String what, String key, Function<Target, CompletionStage<T>> call) {
    return unavailable(attempts.make(what, () -> reads.submit(key, call), RedisErrors::readAgain));
  }

  /** Returns how to read long stretches of streams. */
  BulkReads bulk() {
    return bulk;
  }

  /** Waits for what was read; who is interrupted has not read it. */
  static <T extends @Nullable Object> T awaitRead(CompletableFuture<T> read) {
    try {
      return await(unavailable(read));
    } catch (ReplyLostException interrupted) {
      throw new StoreUnavailableException(String.valueOf(interrupted.getMessage()), interrupted);
    }
  }

  /** A lost reply to a read leaves nothing unknown: the store just cannot be read now. */
  private static <T extends @Nullable Object> CompletableFuture<T> unavailable(
      CompletableFuture<T> read) {
    return read.exceptionallyCompose(failure -> {
      Throwable cause = RedisErrors.cause(failure);
      return CompletableFuture.failedFuture(
          cause instanceof ReplyLostException lost
              ? new StoreUnavailableException(String.valueOf(lost.getMessage()), lost)
              : cause);
    });
  }

  @SuppressWarnings("NullAway") // it takes the type of the lambda's result for one without null
  private CompletableFuture<@Nullable Object> send(
      RedisScript script, List<String> keys, Object[] args, Predicate<Throwable> again) {
    List<Object> names = List.copyOf(keys);
    String slot = Keys.hashed(keys.getFirst());
    BiFunction<String, String, CompletableFuture<@Nullable Object>> way =
        (verb, text) ->
            calls.<@Nullable Object>submit(
                slot,
                BytesCodec.size(args),
                target ->
                    verb.equals("EVALSHA")
                        ? target.scripts().evalShaAsync(slot, MODE, text, LIST, names, args)
                        : target.scripts().evalAsync(slot, MODE, text, LIST, names, args));
    return this.<@Nullable Object>send(script, keys, way, again);
  }

  /**
   * Sends a script: EVALSHA with its SHA-1, and where the server lacks it, EVAL with its source. A
   * server that has lost it may be another one, so there it is sent only where it may be sent again
   * after that. The next call sends it in any case.
   */
  private <T extends @Nullable Object> CompletableFuture<T> send(
      RedisScript script,
      List<String> keys,
      BiFunction<String, String, CompletableFuture<T>> way,
      Predicate<Throwable> again) {
    MasterSlaveEntry master;
    try {
      master = masters.of(masters.slot(keys.getFirst()));
    } catch (RedisNodeNotFoundException e) {
      return CompletableFuture.failedFuture(e);
    }
    var sent = new Known(master, script.sha());
    boolean first = !known.contains(sent);
    return way.apply("EVALSHA", script.sha())
        .exceptionallyCompose(failure -> {
          Throwable cause = RedisErrors.cause(failure);
          if (!(cause instanceof RedisNoScriptException)) {
            return CompletableFuture.failedFuture(cause);
          }
          if (!first) {
            disruptions.count();
            known.remove(sent);
          }
          return first || again.test(cause)
              ? way.apply("EVAL", script.source())
              : CompletableFuture.failedFuture(cause);
        })
        .whenComplete((reply, failure) -> {
          if (failure == null && first) {
            known.add(sent);
          }
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

  /** Returns how often a connection or a reply has been lost. */
  long disruptions() {
    return disruptions.number();
  }

  /** Ends its threads, and leaves the client alone. */
  void stop() {
    calls.close();
    reads.close();
    confirmed.close();
    bulk.close();
  }

  void close() {
    stop();
    redisson.shutdown(0, 2, TimeUnit.SECONDS);
    calls.abandon();
    reads.abandon();
    confirmed.abandon();
  }
}
