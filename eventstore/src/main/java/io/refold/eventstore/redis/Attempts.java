package io.refold.eventstore.redis;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Makes calls again that a server has certainly not executed, with growing pauses, for up to 5
 * seconds. Thread-safe.
 *
 * @param disruptions is told of what a server may have forgotten its state with
 */
record Attempts(Disruptions disruptions) {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final long FIRST_PAUSE_MILLIS = 2;
  private static final long LONGEST_PAUSE_MILLIS = 200;

  /**
   * Makes a call.
   *
   * @param what names it in errors
   * @param call sends it
   * @param again after which failures it may be made again
   */
  <T extends @Nullable Object> CompletableFuture<T> make(
      String what, Supplier<CompletableFuture<T>> call, Predicate<Throwable> again) {
    long giveUp = System.nanoTime() + PATIENCE.toNanos();
    return make(
        what,
        call,
        failure -> {
          if (RedisErrors.disrupts(failure)) {
            disruptions.count();
          }
          return again.test(failure) && System.nanoTime() < giveUp;
        },
        FIRST_PAUSE_MILLIS);
  }

  private static <T extends @Nullable Object> CompletableFuture<T> make(
      String what, Supplier<CompletableFuture<T>> call, Predicate<Throwable> again, long pause) {
    return call.get()
        .exceptionallyCompose(failure -> {
          Throwable cause = RedisErrors.cause(failure);
          if (!again.test(cause)) {
            return CompletableFuture.failedFuture(RedisErrors.translate(what, cause));
          }
          long next = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
          return CompletableFuture.supplyAsync(
                  () -> what, CompletableFuture.delayedExecutor(pause, TimeUnit.MILLISECONDS))
              .thenCompose(same -> make(same, call, again, next));
        });
  }
}
