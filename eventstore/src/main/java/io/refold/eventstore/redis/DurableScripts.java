package io.refold.eventstore.redis;

import io.refold.eventstore.StoreUnavailableException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.redisson.Redisson;
import org.redisson.RedissonScript;
import org.redisson.api.BatchOptions;
import org.redisson.api.RScript;
import org.redisson.api.RedissonClient;
import org.redisson.client.codec.StringCodec;
import org.redisson.client.protocol.RedisCommands;
import org.redisson.command.CommandAsyncExecutor;
import org.redisson.command.CommandBatchService;

/**
 * Runs scripts whose writes are on the server's disk before they are answered: each goes out with a
 * WAITAOF behind it on the same connection. Scripts are repeated after lost replies, so they must
 * do no harm then, and write something each time: WAITAOF does not wait for a connection that has
 * not written. Thread-safe.
 *
 * <p>Redisson's own option for that, {@code BatchOptions.syncAOF}, sends nothing where no replica
 * is waited for, and never tells whether the server's own disk has it. One platform thread makes
 * the calls, for the reason that {@link Pipeline} has.
 */
final class DurableScripts implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Duration PAUSE = Duration.ofMillis(20);
  private static final BatchOptions OPTIONS =
      BatchOptions.defaults()
          .retryAttempts(0)
          .responseTimeout(2 * PATIENCE.toMillis(), TimeUnit.MILLISECONDS);

  private final CommandAsyncExecutor commands;
  private final ExecutorService sender =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().name("refold-durable").daemon().factory());

  DurableScripts(RedissonClient redisson) {
    commands = ((Redisson) redisson).getCommandExecutor();
  }

  /**
   * Runs a script, and returns when its writes are on disk.
   *
   * @throws StoreUnavailableException if that cannot be done now
   */
  @Nullable Object eval(RedisScript script, List<String> keys, Object... args) {
    long giveUp = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try {
        return CompletableFuture.completedFuture(script)
            .thenComposeAsync(same -> send(same, keys, args), sender)
            .get();
      } catch (ExecutionException e) {
        Throwable cause = RedisErrors.cause(e);
        if (!RedisErrors.readAgain(cause) || System.nanoTime() > giveUp) {
          throw unavailable(script, cause);
        }
        LockSupport.parkNanos(PAUSE.toNanos());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw unavailable(script, e);
      }
    }
  }

  private CompletableFuture<@Nullable Object> send(
      RedisScript script, List<String> keys, Object[] args) {
    String slot = keys.getFirst();
    var batch = new CommandBatchService(commands, OPTIONS);
    CompletableFuture<@Nullable Object> reply =
        new RedissonScript(batch, BytesCodec.INSTANCE)
            .<@Nullable Object>evalAsync(
                slot,
                RScript.Mode.READ_WRITE,
                script.source(),
                RScript.ReturnType.LIST,
                List.copyOf(keys),
                args)
            .toCompletableFuture();
    CompletableFuture<List<Integer>> synced =
        batch
            .<List<Integer>, List<Integer>>writeAsync(
                slot, StringCodec.INSTANCE, RedisCommands.WAITAOF, 1, 0, PATIENCE.toMillis())
            .toCompletableFuture();
    return batch
        .executeAsync()
        .toCompletableFuture()
        .thenCompose(done -> {
          if (synced.getNow(List.of(0)).getFirst() < 1) {
            throw new StoreUnavailableException(
                "what %s wrote was not on the server's disk within %s: ask again"
                    .formatted(script.name(), PATIENCE),
                null);
          }
          return reply;
        });
  }

  private static RuntimeException unavailable(RedisScript script, Throwable cause) {
    return cause instanceof StoreUnavailableException known
        ? known
        : new StoreUnavailableException(
            "%s was not confirmed: %s".formatted(script.name(), cause.getMessage()), cause);
  }

  @Override
  public void close() {
    sender.shutdownNow();
  }
}
