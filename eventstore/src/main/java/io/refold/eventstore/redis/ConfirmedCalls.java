package io.refold.eventstore.redis;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.refold.eventstore.Confirmation;
import io.refold.eventstore.Durability;
import io.refold.eventstore.ReplyLostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.redisson.client.RedisConnection;
import org.redisson.client.RedisConnectionException;
import org.redisson.client.RedisTimeoutException;
import org.redisson.client.WriteRedisConnectionException;
import org.redisson.client.codec.StringCodec;
import org.redisson.client.protocol.CommandData;
import org.redisson.client.protocol.CommandsData;
import org.redisson.client.protocol.RedisCommands;
import org.redisson.connection.MasterSlaveEntry;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends scripts that are to reach a level above memory: those of one level and master together,
 * with one WAIT or WAITAOF behind them on their connection. Apart from {@link Pipeline}, so that
 * calls that want no more never stand behind one that waits. Thread-safe.
 *
 * <p>What waits for a slow disk or replica holds one of {@value #UNDER_WAY} connections of its
 * level and master for that time; further calls gather for the next one, and those of other levels
 * and masters have connections of their own.
 *
 * <p>The scripts of a pipeline are answered before their wait: what is known of them is known even
 * if the wait is never answered. Redisson's batches do not serve for that: they show no reply
 * before the last one has come, resend calls to another node when a slot has moved, with the answer
 * of the first node's wait, and send no WAITAOF where no replica is waited for. So the connection
 * is taken from Redisson's pool and used directly, and a slot that has moved is the caller's
 * matter.
 */
final class ConfirmedCalls implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ConfirmedCalls.class);
  private static final int MOST = 1_024;
  private static final int UNDER_WAY = 4;
  static final Duration PATIENCE = Duration.ofSeconds(5);

  private final Lanes<Way, ConfirmedCall> lanes;
  private final Set<ConfirmedCall> underWay = ConcurrentHashMap.newKeySet();
  private volatile String refusal = ""; // said last

  /** What calls have in common that are sent together. */
  private record Way(MasterSlaveEntry master, Durability level) {}

  ConfirmedCalls(Masters masters) {
    lanes =
        new Lanes<>(
            "refold-confirmed",
            MOST,
            UNDER_WAY,
            call -> new Way(masters.of(masters.slot(call.key())), call.level()),
            this::send);
    lanes.start();
  }

  /**
   * Sends a script; its outcome comes when the level is reached, or its time is over. A lost answer
   * to the wait leaves the script's own reply.
   *
   * @param level above memory
   * @param wrote whether a reply means that the script has written; otherwise nothing is waited for
   * @param verb EVALSHA or EVAL
   * @param script its SHA-1 or its source
   * @param keys every key it touches, at least one
   * @param args texts, numbers or bytes
   */
  CompletableFuture<ConfirmedCall.Outcome> submit(
      Durability level,
      Predicate<@Nullable Object> wrote,
      String verb,
      String script,
      List<String> keys,
      Object[] args) {
    var call = new ConfirmedCall(level, wrote, verb, script, keys, args);
    lanes.add(call);
    return call.outcome();
  }

  private CompletableFuture<?> send(Way way, List<ConfirmedCall> calls) {
    underWay.addAll(calls);
    CompletableFuture<Confirmation> sent;
    try {
      sent = start(way, calls);
    } catch (Throwable e) { // also without memory each call gets an outcome
      sent = CompletableFuture.failedFuture(e);
    }
    return sent.whenComplete((confirmation, failure) -> {
      Throwable cause =
          failure == null
              ? new RedisTimeoutException("the call was not answered")
              : RedisErrors.cause(failure);
      Confirmation known = confirmation == null ? Confirmation.unknown(way.level()) : confirmation;
      for (ConfirmedCall call : calls) {
        call.end(known, cause);
        underWay.remove(call);
      }
    });
  }

  private CompletableFuture<Confirmation> start(Way way, List<ConfirmedCall> calls) {
    MasterSlaveEntry master = way.master();
    CompletableFuture<RedisConnection> pooled = master.connectionWriteOp(RedisCommands.EVAL_LIST);
    CompletableFuture<RedisConnection> taken =
        pooled.copy().orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    return taken
        .exceptionallyCompose(failure -> {
          var unused = pooled.thenAccept(master::releaseWrite); // one that comes too late
          Throwable cause = RedisErrors.cause(failure);
          return CompletableFuture.failedFuture(
              cause instanceof TimeoutException
                  ? new RedisConnectionException("no connection within " + PATIENCE)
                  : cause);
        })
        .thenCompose(connection ->
            send(way.level(), connection, calls)
                .whenComplete((confirmation, failure) -> {
                  if (!ended(way.level(), failure)) { // a late answer must not meet the next user
                    var unused = connection.getChannel().close();
                  }
                  master.releaseWrite(connection);
                }));
  }

  /** Tells whether all was answered, if only to refuse; says once what is refused. */
  private boolean ended(Durability level, @Nullable Throwable failure) {
    Throwable cause = failure == null ? null : RedisErrors.cause(failure);
    String told = cause == null ? "" : String.valueOf(cause.getMessage());
    boolean ended = cause == null || RedisErrors.answered(cause);
    if (ended && !told.equals(refusal)) {
      refusal = told;
      if (!told.isEmpty()) {
        LOG.warn("{} cannot be reached, Redis refuses to wait for it: {}", level, told);
      }
    }
    return ended;
  }

  private static CompletableFuture<Confirmation> send(
      Durability level, RedisConnection connection, List<ConfirmedCall> calls) {
    ChannelFuture end = connection.getChannel().closeFuture();
    var answered = new CompletableFuture<Void>();
    var commands = new ArrayList<CommandData<?, ?>>();
    for (ConfirmedCall call : calls) {
      commands.add(call.command());
    }
    var unused =
        connection
            .send(new CommandsData(answered, commands, false, false, false, false))
            .addListener(write -> {
              if (!write.isSuccess()) {
                answered.completeExceptionally(
                    new WriteRedisConnectionException("the connection broke", write.cause()));
              }
            });
    CompletableFuture<Confirmation> waited = await(level, connection);
    ChannelFutureListener broken =
        closed -> {
          var lost = new WriteRedisConnectionException("the connection broke");
          answered.completeExceptionally(lost);
          waited.completeExceptionally(lost);
        };
    end.addListener(broken); // Redisson tells only of calls that it has not written yet
    return answered
        .orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
        .handle((done, failure) -> {
          boolean all = calls.stream().allMatch(call -> call.command().getPromise().isDone());
          if (!all) { // a script that has failed was answered, too
            throw new CompletionException(
                failure instanceof WriteRedisConnectionException
                    ? failure
                    : new RedisTimeoutException("no answer within " + PATIENCE));
          }
          return calls.size();
        })
        .thenCompose(number -> waited)
        .whenComplete((confirmation, failure) -> end.removeListener(broken));
  }

  private static CompletableFuture<Confirmation> await(
      Durability level, RedisConnection connection) {
    long millis = ConfirmedCall.within(level).toMillis();
    long most = PATIENCE.toMillis() + millis;
    return switch (level) {
      case Durability.Memory memory -> CompletableFuture.completedFuture(Confirmation.memory());
      case Durability.Fsync fsync ->
          connection
              .<List<Integer>, List<Integer>>async(
                  most, StringCodec.INSTANCE, RedisCommands.WAITAOF, 1, 0, millis)
              .toCompletableFuture()
              .thenApply(synced ->
                  new Confirmation(fsync, synced.getFirst() > 0, synced.getFirst() > 0, 0));
      case Durability.Replicas replicas ->
          connection
              .<Integer, Integer>async(
                  most, StringCodec.INSTANCE, RedisCommands.WAIT, replicas.number(), millis)
              .toCompletableFuture()
              .thenApply(
                  number -> new Confirmation(replicas, number >= replicas.number(), false, number));
    };
  }

  /** Fails what still waits. What is under way ends by itself while the client is open. */
  @Override
  public void close() {
    lanes.close();
  }

  /** Fails what is under way, after the client was shut down: Redisson never answers it then. */
  void abandon() {
    lanes.awaitLast();
    var cause =
        new ReplyLostException(
            "the store was closed before Redis answered",
            new CancellationException("the store was closed"));
    underWay.forEach(call -> call.end(Confirmation.unknown(call.level()), cause));
  }
}
