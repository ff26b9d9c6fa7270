package io.refold.projections;

import io.github.bucket4j.Bucket;
import io.refold.projections.store.Generations.Terms;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a rebuild's terms mean for the owners of one generation in this process. They share the
 * pace; of the pace of all processes they have the part that their partitions make up. Thread-safe.
 */
final class Pacing {
  /** The terms of a generation that is read: nothing holds it up. */
  static final Terms READ = new Terms(0, false, true);

  private static final int STEPS_PER_SECOND = 50;
  private static final long HIGHEST = 1_000_000_000;

  private volatile Terms terms = READ;
  private volatile long share;
  private volatile @Nullable Bucket bucket;

  /**
   * Sets the terms.
   *
   * @param owned how many partitions this process works on
   * @param partitions how many there are
   */
  void set(Terms current, int owned, int partitions) {
    long pace = current.eventsPerSecond();
    long part =
        pace == 0 ? 0 : Math.clamp(Math.min(pace, HIGHEST) * owned / partitions, 1, HIGHEST);
    terms = current;
    if (part != share) {
      share = part;
      bucket = part == 0 ? null : bucket(part);
    }
  }

  private static Bucket bucket(long perSecond) {
    return Bucket.builder()
        .addLimit(limit ->
            limit
                .capacity(Math.max(1, perSecond / STEPS_PER_SECOND))
                .refillGreedy(perSecond, Duration.ofSeconds(1)))
        .build();
  }

  /** Tells whether an event that cannot be applied is parked. */
  boolean parks() {
    return terms.parking();
  }

  /** Tells whether the next part of the history is to wait. */
  boolean holds() {
    Bucket limit = bucket;
    return terms.paused() || (limit != null && limit.getAvailableTokens() <= 0);
  }

  /** Returns how many log entries are read at once; fewer where the pace is slow. */
  int entries(int most) {
    long part = share;
    return part == 0 ? most : Math.clamp(part / STEPS_PER_SECOND, 1, most);
  }

  /** Takes notice of events that were read; what is too much has to be waited for. */
  void spent(long events) {
    Bucket limit = bucket;
    if (limit != null && events > 0) {
      var unused = limit.consumeIgnoringRateLimits(events);
    }
  }
}
