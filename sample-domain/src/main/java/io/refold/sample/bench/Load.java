package io.refold.sample.bench;

import java.util.ArrayList;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;

/** Runs numbered calls from so many threads and times them. */
public final class Load {
  private Load() {}

  /**
   * Returns how many calls were done in a second.
   *
   * @param threads how many virtual threads
   * @param calls how many calls in all
   * @param call is given its number, from 0
   */
  public static double perSecond(int threads, long calls, LongConsumer call) {
    var next = new AtomicLong();
    long start = System.nanoTime();
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      var workers = new ArrayList<Callable<Void>>();
      for (int i = 0; i < threads; i++) {
        workers.add(() -> {
          for (long n = next.getAndIncrement(); n < calls; n = next.getAndIncrement()) {
            call.accept(n);
          }
          return null;
        });
      }
      for (var done : executor.invokeAll(workers)) {
        done.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a call of the benchmark failed", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
    return calls / seconds(start);
  }

  public static double seconds(long startNanos) {
    return (System.nanoTime() - startNanos) / 1e9;
  }
}
