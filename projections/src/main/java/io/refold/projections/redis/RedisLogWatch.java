package io.refold.projections.redis;

import io.refold.eventstore.Position;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.eventstore.redis.RedisSession;
import io.refold.projections.store.LogWatch;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.redisson.api.RedissonClient;
import org.redisson.api.stream.StreamMessageId;
import org.redisson.api.stream.StreamReadArgs;
import org.redisson.client.codec.ByteArrayCodec;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for log entries with a blocking read per partition, outside of every consumer group, on
 * connections of its own. A blocked read inside a group could take an entry for a worker that has
 * just lost its lease; here nothing is taken, and many blocked reads starve nobody.
 */
final class RedisLogWatch implements LogWatch {
  private static final Logger LOG = LoggerFactory.getLogger(RedisLogWatch.class);
  private static final Duration BLOCK = Duration.ofSeconds(4);
  private static final Duration SETTLE = Duration.ofMillis(150);
  private static final int MAX_ENTRIES = 1_000;
  private static final long RETRY_MILLIS = 200;

  private final RedissonClient client;
  private final RedisSession session;
  private final IntConsumer appended;
  private final AtomicReferenceArray<@Nullable CompletableFuture<?>> reads;
  private volatile boolean closed;

  private RedisLogWatch(
      RedissonClient client, RedisSession session, int partitions, IntConsumer appended) {
    this.reads = new AtomicReferenceArray<>(partitions);
    this.client = client;
    this.session = session;
    this.appended = appended;
  }

  static RedisLogWatch start(RedisEventStore events, IntConsumer appended) {
    RedisSession session = events.session();
    var watch =
        new RedisLogWatch(
            session.newClient(events.partitions() + 1), session, events.partitions(), appended);
    for (int partition = 0; partition < events.partitions(); partition++) {
      Position newest = events.head(partition).position();
      watch.wait(partition, new StreamMessageId(newest.sequence(), newest.micros()));
    }
    return watch;
  }

  /** Reads behind an entry, tells of what there is, and reads on. */
  private void wait(int partition, StreamMessageId behind) {
    if (closed) {
      return;
    }
    CompletableFuture<Map<StreamMessageId, Map<byte[], byte[]>>> read =
        client
            .<byte[], byte[]>getStream(session.logKey(partition), ByteArrayCodec.INSTANCE)
            .readAsync(StreamReadArgs.greaterThan(behind).count(MAX_ENTRIES).timeout(BLOCK))
            .toCompletableFuture();
    reads.set(partition, read);
    var unused =
        read.whenComplete((entries, failure) -> {
          if (closed) {
            return;
          }
          if (failure != null) {
            LOG.debug("watching partition {} has failed, trying again", partition, failure);
            later(partition, behind);
          } else if (entries == null || entries.isEmpty()) {
            wait(partition, behind);
          } else {
            appended.accept(partition);
            wait(partition, last(entries));
          }
        });
  }

  private void later(int partition, StreamMessageId behind) {
    CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS)
        .execute(() -> wait(partition, behind));
  }

  private static StreamMessageId last(Map<StreamMessageId, ?> entries) {
    StreamMessageId last = StreamMessageId.ALL;
    for (StreamMessageId id : entries.keySet()) {
      last = id;
    }
    return last;
  }

  @Override
  public void close() {
    closed = true;
    for (int partition = 0; partition < reads.length(); partition++) {
      var read = reads.get(partition);
      if (read != null) {
        read.cancel(true);
      }
    }
    settle();
    client.shutdown(0, 2, TimeUnit.SECONDS);
  }

  /**
   * Lets the client replace the connections of cancelled reads. Without that, each of them tries to
   * do so while everything is being shut down, and logs an error.
   */
  private static void settle() {
    try {
      Thread.sleep(SETTLE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
