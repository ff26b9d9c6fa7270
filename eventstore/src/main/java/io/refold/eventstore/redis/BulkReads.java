package io.refold.eventstore.redis;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.redisson.Redisson;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisClient;
import org.redisson.connection.ConnectionManager;

/**
 * Reads long stretches of streams over {@linkplain BulkConnection connections of their own}, as
 * many as there are callers at once; a few are kept for the next ones. It only ever succeeds or
 * declines: then the caller reads the ordinary way, which knows what to do about whatever is wrong.
 * Thread-safe.
 */
final class BulkReads implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int KEPT = 8;

  private final ConnectionManager connections;
  private final ConcurrentLinkedDeque<BulkConnection> idle = new ConcurrentLinkedDeque<>();
  private volatile boolean closed;

  /** A range of a stream, both ends included. */
  record Range<T>(String key, String from, String to, int limit, RawEntry.Reader<T> reader) {}

  BulkReads(RedissonClient redisson) {
    connections = ((Redisson) redisson).getCommandExecutor().getConnectionManager();
  }

  /**
   * Reads ranges of streams that lie in one slot.
   *
   * @param tag a key of that slot
   * @return the entries of each range; empty if they have to be read in another way
   */
  <T> Optional<List<List<T>>> read(String tag, List<Range<T>> ranges) {
    BulkConnection connection = null;
    try {
      RedisClient node = connections.getEntry(connections.calcSlot(tag)).getClient();
      connection = connection(node);
      List<List<T>> read = await(connection.read(requests(node, ranges)));
      giveBack(connection);
      return Optional.of(read);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException | RuntimeException e) {
      // the ordinary way tells what is wrong, if it still is
    }
    if (connection != null) {
      connection.close();
    }
    return Optional.empty();
  }

  private <T> List<BulkConnection.Request<T>> requests(RedisClient node, List<Range<T>> ranges) {
    String command = node.getConfig().getCommandMapper().map("XRANGE");
    var requests = new ArrayList<BulkConnection.Request<T>>(ranges.size());
    for (Range<T> range : ranges) {
      requests.add(
          new BulkConnection.Request<>(
              BulkConnection.range(command, range.key(), range.from(), range.to(), range.limit()),
              range.reader()));
    }
    return requests;
  }

  private BulkConnection connection(RedisClient node)
      throws InterruptedException, ExecutionException, TimeoutException {
    for (BulkConnection kept = idle.pollLast(); kept != null; kept = idle.pollLast()) {
      if (kept.leadsTo(node)) {
        return kept;
      }
      kept.close();
    }
    CompletableFuture<BulkConnection> opening = BulkConnection.open(node).toCompletableFuture();
    try {
      return opening.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException | TimeoutException e) {
      var unused = opening.thenAccept(BulkConnection::close);
      throw e;
    }
  }

  /** Waits as long as something comes in. */
  private static <T> List<List<T>> await(BulkConnection.Reading<T> reading)
      throws InterruptedException, ExecutionException, TimeoutException {
    for (int received = -1; ; ) {
      try {
        return reading.done().get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        if (received == reading.received()) {
          throw e;
        }
        received = reading.received();
      }
    }
  }

  private void giveBack(BulkConnection connection) {
    idle.addLast(connection);
    BulkConnection over = closed || idle.size() > KEPT ? idle.pollFirst() : null;
    if (over != null) {
      over.close();
    }
  }

  @Override
  public void close() {
    closed = true;
    for (@Nullable BulkConnection kept = idle.poll(); kept != null; kept = idle.poll()) {
      kept.close();
    }
  }
}
