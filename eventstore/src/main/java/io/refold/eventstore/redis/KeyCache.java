package io.refold.eventstore.redis;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * Keeps what was read for a limited time. What is dropped does not come back, not even where its
 * reading had begun before and ends later. Failures are not kept. Thread-safe.
 */
final class KeyCache<K, V> {
  private final AsyncCache<K, V> cache;

  KeyCache(long most, Duration time, Ticker ticker) {
    cache =
        Caffeine.newBuilder()
            .maximumSize(most)
            .expireAfterWrite(time)
            .ticker(ticker)
            .executor(Runnable::run)
            .buildAsync();
  }

  /**
   * Returns what is kept, or reads it. Threads that want the same wait for one of them; where that
   * one fails, which may concern nobody else, each reads for itself.
   */
  V get(K key, Supplier<V> read) {
    var reading = new CompletableFuture<V>();
    CompletableFuture<V> there = cache.asMap().putIfAbsent(key, reading);
    if (there == null) {
      return complete(reading, read);
    }
    try {
      return there.join();
    } catch (CompletionException e) {
      return read.get();
    }
  }

  /** Keeps the outcome of a call instead of what is there, from the start of the call on. */
  V replace(K key, Supplier<V> call) {
    var calling = new CompletableFuture<V>();
    cache.put(key, calling);
    return complete(calling, call);
  }

  void drop(K key) {
    cache.synchronous().invalidate(key);
  }

  void dropAll() {
    cache.synchronous().invalidateAll();
  }

  private static <V> V complete(CompletableFuture<V> future, Supplier<V> call) {
    try {
      V value = call.get();
      future.complete(value);
      return value;
    } catch (Throwable e) { // others may wait
      future.completeExceptionally(e);
      throw e;
    }
  }
}
