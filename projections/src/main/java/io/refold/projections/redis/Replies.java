package io.refold.projections.redis;

import io.refold.eventstore.EventStoreException;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.redis.RedisScript;
import io.refold.eventstore.redis.RedisSession;
import io.refold.eventstore.redis.StoredBytes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Reads what scripts reply. */
final class Replies {
  private Replies() {}

  static RedisScript script(String name) {
    return RedisScript.load(RedisProjectionStore.class, name);
  }

  static List<?> list(@Nullable Object reply) {
    return (List<?>) Objects.requireNonNull(reply);
  }

  static String text(@Nullable Object bytes) {
    return RedisSession.text(Objects.requireNonNull(bytes));
  }

  static String text(List<?> reply, int index) {
    return text(reply.get(index));
  }

  static long number(List<?> reply, int index) {
    return (Long) Objects.requireNonNull(reply.get(index));
  }

  static boolean yes(List<?> reply) {
    return number(reply, 0) == 1;
  }

  /** Reads names and values that follow each other. */
  static Map<String, String> fields(List<?> flat) {
    var fields = new HashMap<String, String>();
    for (int i = 0; i < flat.size(); i += 2) {
      fields.put(text(flat, i), text(flat, i + 1));
    }
    return fields;
  }

  /** Reads an entry of a log, {@code [id, [name, value, …]]}. */
  static LogEntry logEntry(int partition, List<?> entry) {
    byte[] lines =
        StoredBytes.read(
            () -> "log entry %s of partition %d".formatted(text(entry, 0), partition),
            () -> (byte[]) Objects.requireNonNull(list(entry.get(1)).get(1)));
    return RedisSession.logEntry(partition, text(entry, 0), lines);
  }

  static long micros(Duration length) {
    return length.toNanos() / 1_000;
  }

  /** Waits for all that is read; who is interrupted has not read it. */
  static List<List<?>> read(List<CompletionStage<@Nullable Object>> calls) {
    try {
      return all(calls);
    } catch (ReplyLostException interrupted) {
      throw new StoreUnavailableException(String.valueOf(interrupted.getMessage()), interrupted);
    }
  }

  /** Waits for all replies, also where one has failed: nothing is under way afterwards. */
  static List<List<?>> all(List<CompletionStage<@Nullable Object>> calls) {
    var replies = new ArrayList<List<?>>(calls.size());
    EventStoreException failure = null;
    for (CompletionStage<@Nullable Object> call : calls) {
      try {
        replies.add(list(call.toCompletableFuture().get()));
      } catch (ExecutionException e) {
        failure =
            e.getCause() instanceof EventStoreException translated
                ? translated
                : new ReplyLostException("a call to Redis has failed: " + e.getCause(), e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        failure = new ReplyLostException("interrupted while waiting for Redis", e);
      }
    }
    if (failure != null) {
      throw failure;
    }
    return replies;
  }
}
