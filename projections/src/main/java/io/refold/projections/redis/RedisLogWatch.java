package io.refold.projections.redis;

import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.eventstore.redis.RedisSession;
import io.refold.projections.store.LogWatch;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.redisson.api.RFuture;
import org.redisson.api.RStream;
import org.redisson.api.RedissonClient;
import org.redisson.api.stream.StreamMessageId;
import org.redisson.api.stream.StreamRangeArgs;
import org.redisson.api.stream.StreamReadArgs;
import org.redisson.client.RedisException;
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
  private static final StreamRangeArgs NEWEST =
      StreamRangeArgs.startId(StreamMessageId.MAX).endId(StreamMessageId.MIN).count(1);
  private static final int MAX_ENTRIES = 1_000;
  private static final long RETRY_MILLIS = 200;

  private final RedissonClient client;
  private final RedisSession session;
  private final IntConsumer appended;
  private final AtomicReferenceArray<@Nullable CompletableFuture<?>> reads;
  private volatile boolean closed;

  /** A read of a log. */
  private interface Reading {
    RFuture<Map<StreamMessageId, Map<byte[], byte[]>>> of(RStream<byte[], byte[]> log);
  }

  private RedisLogWatch(
      RedissonClient client, RedisSession session, int partitions, IntConsumer appended) {
    this.reads = new AtomicReferenceArray<>(partitions);
    this.client = client;
    this.session = session;
    this.appended = appended;
  }

  static RedisLogWatch start(RedisEventStore events, IntConsumer appended) {
    RedisSession session = events.session();
    var watch = new RedisLogWatch(client(events), session, events.partitions(), appended);
    for (int partition = 0; partition < events.partitions(); partition++) {
      watch.begin(partition);
    }
    return watch;
  }

  private static RedissonClient client(RedisEventStore events) {
    try {
      return events.session().newClient(events.partitions() + 1);
    } catch (RedisException e) {
      throw new StoreUnavailableException(
          "the logs cannot be watched for new events: " + e.getMessage(), e);
    }
  }

  /**
   * Finds the newest entry, tells that there may be new ones, and waits behind it. After a failure
   * too: meanwhile entries may have come, or gone with a server.
   */
  private void begin(int partition) {
    read(
        partition,
        log -> log.rangeReversedAsync(NEWEST),
        newest -> {
          appended.accept(partition);
          wait(partition, last(newest));
        });
  }

  /** Reads behind an entry, tells of what there is, and reads on. */
  private void wait(int partition, StreamMessageId behind) {
    read(
        partition,
        log -> log.readAsync(StreamReadArgs.greaterThan(behind).count(MAX_ENTRIES).timeout(BLOCK)),
        entries -> {
          if (entries == null || entries.isEmpty()) {
            wait(partition, behind);
          } else {
            appended.accept(partition);
            wait(partition, last(entries));
          }
        });
  }

  private void read(
      int partition, Reading reading, Consumer<Map<StreamMessageId, Map<byte[], byte[]>>> then) {
    if (closed) {
      return;
    }
    CompletableFuture<Map<StreamMessageId, Map<byte[], byte[]>>> read = started(partition, reading);
    reads.set(partition, read);
    var unused =
        read.thenAccept(then)
            .exceptionally(failure -> {
              if (!closed) {
                LOG.debug("watching partition {} has failed, trying again", partition, failure);
                CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS)
                    .execute(() -> begin(partition));
              }
              return null;
            });
  }

  private CompletableFuture<Map<StreamMessageId, Map<byte[], byte[]>>> started(
      int partition, Reading reading) {
    try {
      return reading
          .of(client.getStream(session.logKey(partition), ByteArrayCodec.INSTANCE))
          .toCompletableFuture();
    } catch (RuntimeException e) { // the slot may have no server now
      return CompletableFuture.failedFuture(e);
    }
  }

  private static StreamMessageId last(Map<StreamMessageId, ?> entries) {
    StreamMessageId last = new StreamMessageId(0, 0);
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
