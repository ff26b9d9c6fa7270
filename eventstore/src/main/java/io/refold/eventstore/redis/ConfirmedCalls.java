package io.refold.eventstore.redis;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.refold.eventstore.Confirmation;
import io.refold.eventstore.Durability;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.redisson.Redisson;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisConnection;
import org.redisson.client.RedisNodeNotFoundException;
import org.redisson.client.RedisTimeoutException;
import org.redisson.client.WriteRedisConnectionException;
import org.redisson.client.codec.StringCodec;
import org.redisson.client.protocol.CommandData;
import org.redisson.client.protocol.CommandsData;
import org.redisson.client.protocol.RedisCommands;
import org.redisson.connection.ConnectionManager;
import org.redisson.connection.MasterSlaveEntry;

/**
 * Sends scripts that are to reach a level above memory: those of one level and node together, with
 * one WAIT or WAITAOF behind them on their connection. Apart from {@link Pipeline}, so that calls
 * that want no more never stand behind one that waits. Thread-safe.
 *
 * <p>What waits for a slow disk or replica holds one of {@value #UNDER_WAY} connections for that
 * time; further calls gather for the next one. One platform thread makes the calls, for the reason
 * that {@link Pipeline} has.
 *
 * <p>The scripts of a pipeline are answered before their wait: what is known of them is known even
 * if the wait is never answered. Redisson's batches do not serve for that: they show no reply
 * before the last one has come, resend calls to another node when a slot has moved, with the answer
 * of the first node's wait, and send no WAITAOF where no replica is waited for. So the connection
 * is taken from Redisson's pool and used directly, and a slot that has moved is the caller's
 * matter.
 */
final class ConfirmedCalls implements AutoCloseable {
  private static final int MOST = 1_024;
  private static final int UNDER_WAY = 8;
  static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration LAST_SENDING = Duration.ofSeconds(2);

  private final ConnectionManager connections;
  private final BlockingQueue<ConfirmedCall> waiting = new LinkedBlockingQueue<>();
  private final Semaphore places = new Semaphore(UNDER_WAY);
  private final Set<ConfirmedCall> underWay = ConcurrentHashMap.newKeySet();
  private final Thread sender;
  private volatile boolean closed;

  ConfirmedCalls(RedissonClient redisson) {
    connections = ((Redisson) redisson).getCommandExecutor().getConnectionManager();
    sender = Thread.ofPlatform().name("refold-confirmed").daemon().start(this::run);
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
    waiting.add(call);
    if (closed && waiting.remove(call)) {
      call.outcome().completeExceptionally(closedException());
    }
    return call.outcome();
  }

  private void run() {
    while (!closed) {
      try {
        places.acquire();
        var calls = new ArrayList<ConfirmedCall>();
        try {
          ConfirmedCall first = waiting.take();
          calls.add(first);
          MasterSlaveEntry node = node(first);
          waiting.removeIf(call ->
              calls.size() < MOST
                  && call.level().equals(first.level())
                  && Objects.equals(node(call), node)
                  && calls.add(call));
          send(first.level(), node, calls);
        } finally {
          if (calls.isEmpty()) {
            places.release();
          }
        }
      } catch (InterruptedException e) {
        // closed
      }
    }
    for (ConfirmedCall call = waiting.poll(); call != null; call = waiting.poll()) {
      call.outcome().completeExceptionally(closedException());
    }
  }

  /** The node that has the call's slot, as far as the client knows. */
  private @Nullable MasterSlaveEntry node(ConfirmedCall call) {
    try {
      return connections.getWriteEntry(connections.calcSlot(call.key()));
    } catch (RuntimeException e) { // the client is being shut down
      return null;
    }
  }

  /** Sends calls; whatever happens, each gets an outcome and the place becomes free again. */
  private void send(Durability level, @Nullable MasterSlaveEntry node, List<ConfirmedCall> taken) {
    List<ConfirmedCall> calls = taken.stream().filter(call -> inTime(call)).toList();
    underWay.addAll(calls);
    CompletableFuture<Confirmation> sent;
    try {
      sent = calls.isEmpty() ? CompletableFuture.completedFuture(null) : start(level, node, calls);
    } catch (Throwable e) { // this thread must go on, even without memory
      sent = CompletableFuture.failedFuture(e);
    }
    var unused =
        sent.whenComplete((confirmation, failure) -> {
          places.release();
          Throwable cause =
              failure == null
                  ? new RedisTimeoutException("the call was not answered")
                  : RedisErrors.cause(failure);
          for (ConfirmedCall call : calls) {
            call.end(confirmation == null ? Confirmation.unknown(level) : confirmation, cause);
            underWay.remove(call);
          }
        });
  }

  /** A call that has waited too long for a hung server is not sent any more. */
  private static boolean inTime(ConfirmedCall call) {
    if (System.nanoTime() - call.latest() < 0) {
      return true;
    }
    call.outcome()
        .completeExceptionally(
            new StoreUnavailableException(
                "Redis has not answered earlier calls for %s, so this one was not sent"
                    .formatted(PATIENCE.plus(ConfirmedCall.within(call.level()))),
                null));
    return false;
  }

  private static CompletableFuture<Confirmation> start(
      Durability level, @Nullable MasterSlaveEntry node, List<ConfirmedCall> calls) {
    if (node == null) {
      return CompletableFuture.failedFuture(
          new RedisNodeNotFoundException("no node is known that has the slot"));
    }
    CompletableFuture<RedisConnection> pooled = node.connectionWriteOp(RedisCommands.EVAL_LIST);
    CompletableFuture<RedisConnection> taken =
        pooled.copy().orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    return taken
        .exceptionallyCompose(failure -> {
          var unused = pooled.thenAccept(node::releaseWrite); // one that comes too late
          return CompletableFuture.failedFuture(
              new StoreUnavailableException("there is no connection to Redis", failure));
        })
        .thenCompose(connection ->
            send(level, connection, calls)
                .whenComplete((confirmation, failure) -> {
                  if (failure != null) { // a late answer must not meet the next user
                    var unused = connection.getChannel().close();
                  }
                  node.releaseWrite(connection);
                }));
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

  private static StoreUnavailableException closedException() {
    return new StoreUnavailableException("the store is closed (nothing was written)", null);
  }

  /** Fails what still waits. What is under way ends by itself while the client is open. */
  @Override
  public void close() {
    closed = true;
    sender.interrupt();
  }

  /** Fails what is under way, after the client was shut down: Redisson never answers it then. */
  void abandon() {
    try {
      sender.join(LAST_SENDING);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    var cause =
        new ReplyLostException(
            "the store was closed before Redis answered",
            new CancellationException("the store was closed"));
    underWay.forEach(call -> call.end(Confirmation.unknown(call.level()), cause));
  }
}
