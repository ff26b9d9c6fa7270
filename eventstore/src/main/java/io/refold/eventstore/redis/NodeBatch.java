package io.refold.eventstore.redis;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.redisson.RedissonScript;
import org.redisson.RedissonStream;
import org.redisson.api.BatchOptions;
import org.redisson.api.RFuture;
import org.redisson.api.RScriptAsync;
import org.redisson.api.RStreamAsync;
import org.redisson.client.codec.Codec;
import org.redisson.client.protocol.BatchCommandData;
import org.redisson.client.protocol.RedisCommand;
import org.redisson.command.CommandAsyncExecutor;
import org.redisson.command.CommandBatchService;
import org.redisson.command.RedisCommonBatchExecutor;
import org.redisson.connection.MasterSlaveEntry;
import org.redisson.connection.NodeSource;
import org.redisson.liveobject.core.RedissonObjectBuilder;
import org.redisson.misc.CompletableFutureWrapper;

/**
 * A pipeline to one master, in which every call gets what the server replies to it, redirections
 * and passing errors too. Not thread-safe.
 *
 * <p>A batch of Redisson 4.7 is not used, because it judges its calls together: if one is answered
 * with MOVED, ASK or TRYAGAIN, it sends all calls again that have not succeeded, also those whose
 * callers have their error already and may have repeated them (such a call is executed twice), puts
 * one ASKING before calls that need one each, and leaves calls without an outcome where it gives
 * up. Nothing is redirected or repeated here.
 */
final class NodeBatch extends CommandBatchService implements Target {
  private final MasterSlaveEntry master;
  private final BatchOptions options;
  private final Entry calls = new Entry();

  /** A call whose outcome is its own: the pipeline itself only fails with its connection. */
  private static final class Call<T, R> extends BatchCommandData<T, R> {
    Call(
        CompletableFuture<R> outcome,
        Codec codec,
        RedisCommand<T> command,
        Object[] params,
        int index) {
      super(outcome, codec, command, params, index);
    }

    @Override
    public boolean tryFailure(Throwable cause) {
      return getPromise().completeExceptionally(cause);
    }

    @Override
    public boolean isSuccess() {
      return true;
    }
  }

  NodeBatch(CommandAsyncExecutor commands, MasterSlaveEntry master, BatchOptions options) {
    super(commands, options);
    this.master = master;
    this.options = options;
    calls.setReadOnlyMode(false); // the master answers reads as well
  }

  @Override
  public RScriptAsync scripts() {
    return new RedissonScript(this, BytesCodec.INSTANCE);
  }

  @Override
  public RStreamAsync<String, byte[]> stream(String key) {
    return new RedissonStream<>(FIELDS, this, key);
  }

  @Override
  public <V, R> RFuture<R> async(
      boolean readOnly,
      NodeSource source,
      Codec codec,
      RedisCommand<V> command,
      Object[] params,
      boolean ignoreRedirect,
      boolean noRetry) {
    var outcome = new CompletableFuture<R>();
    calls.add(new Call<>(outcome, codec, command, params, calls.getCommands().size()));
    return new CompletableFutureWrapper<>(outcome);
  }

  /**
   * Sends the calls. The future completes when all are answered; it fails if the connection broke
   * or time was over, and then calls that are not answered have no outcome.
   */
  CompletableFuture<Void> send() {
    var sent = new CompletableFuture<Void>();
    if (calls.getCommands().isEmpty()) {
      sent.complete(null);
    } else {
      new RedisCommonBatchExecutor(
              new NodeSource(master),
              sent,
              getConnectionManager(),
              options,
              calls,
              new AtomicInteger(1),
              RedissonObjectBuilder.ReferenceType.DEFAULT,
              false)
          .execute();
    }
    return sent;
  }
}
