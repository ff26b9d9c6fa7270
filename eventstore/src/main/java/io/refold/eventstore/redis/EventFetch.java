package io.refold.eventstore.redis;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Predicate;
import org.redisson.api.BatchOptions;
import org.redisson.api.RBatch;
import org.redisson.api.stream.StreamMessageId;
import org.redisson.api.stream.StreamRangeArgs;
import org.redisson.client.codec.ByteArrayCodec;
import org.redisson.client.codec.Codec;
import org.redisson.client.codec.StringCodec;
import org.redisson.codec.CompositeCodec;

/**
 * Reads streams and logs by XRANGE.
 *
 * <p>Log entries are resolved with one read per stream, however many entries point to it: the runs
 * of one stream within a stretch of the log follow each other. Reads of {@value #PIPELINE} streams
 * share a pipeline, and all pipelines of a call are under way at once.
 */
final class EventFetch {
  private static final int PIPELINE = 128;
  private static final Codec FIELDS =
      new CompositeCodec(StringCodec.INSTANCE, ByteArrayCodec.INSTANCE, ByteArrayCodec.INSTANCE);

  private final RedisSession session;
  private final Keys keys;
  private final int partitions;

  EventFetch(RedisSession session, Keys keys, int partitions) {
    this.session = session;
    this.keys = keys;
    this.partitions = partitions;
  }

  /** A run of one stream's events: what is read at once. */
  private record Run(StreamId stream, long first, long last) {
    Run upTo(long version) {
      return new Run(stream, first, Math.max(last, version));
    }
  }

  List<StoredEvent> page(StreamId stream, long afterVersion, int limit) {
    var range =
        StreamRangeArgs.startId(new StreamMessageId(afterVersion + 1, 0))
            .endId(StreamMessageId.MAX)
            .count(limit);
    Map<StreamMessageId, Map<String, byte[]>> entries =
        session.read(
            "reading " + stream,
            () ->
                session
                    .redisson()
                    .<String, byte[]>getStream(keys.stream(stream), FIELDS)
                    .rangeAsync(range));
    return events(stream, entries);
  }

  List<LogEntry> log(int partition, long afterSequence, int limit) {
    var range =
        StreamRangeArgs.startId(new StreamMessageId(afterSequence + 1, 0))
            .endId(StreamMessageId.MAX)
            .count(limit);
    Map<StreamMessageId, Map<String, byte[]>> entries =
        session.read(
            "reading the log of partition " + partition,
            () ->
                session
                    .redisson()
                    .<String, byte[]>getStream(keys.log(partition), FIELDS)
                    .rangeAsync(range));
    var log = new ArrayList<LogEntry>(entries.size());
    entries.forEach((id, fields) -> {
      byte[] lines = fields.get("w");
      if (lines == null) {
        throw new IllegalStateException(
            "log entry %s of partition %d is damaged: it has no field 'w'"
                .formatted(id, partition));
      }
      log.add(Entries.logEntry(partition, id.toString(), lines));
    });
    return log;
  }

  List<StoredEvent> events(Collection<LogEntry> entries, Predicate<String> categories) {
    Map<StreamId, Run> runs = new LinkedHashMap<>();
    for (LogEntry entry : entries) {
      for (LogEntry.Pointer pointer : entry.pointers()) {
        if (categories.test(pointer.stream().category())) {
          runs.merge(
              pointer.stream(),
              new Run(pointer.stream(), pointer.firstVersion(), pointer.lastVersion()),
              (run, next) -> run.upTo(next.last()));
        }
      }
    }
    Map<StreamId, List<StoredEvent>> read = read(List.copyOf(runs.values()));
    var events = new ArrayList<StoredEvent>();
    for (LogEntry entry : entries) {
      for (LogEntry.Pointer pointer : entry.pointers()) {
        Run run = runs.get(pointer.stream());
        if (run != null) {
          add(events, read.getOrDefault(run.stream(), List.of()), pointer);
        }
      }
    }
    return events;
  }

  /** Adds the events that a pointer means; versions ascend, so each is found by bisection. */
  private static void add(
      List<StoredEvent> events, List<StoredEvent> run, LogEntry.Pointer pointer) {
    int low = 0;
    int high = run.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (run.get(middle).version() < pointer.firstVersion()) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    for (int i = low; i < run.size() && run.get(i).version() <= pointer.lastVersion(); i++) {
      events.add(run.get(i));
    }
  }

  private Map<StreamId, List<StoredEvent>> read(List<Run> runs) {
    var pipelines =
        new ArrayList<CompletableFuture<List<Map<StreamMessageId, Map<String, byte[]>>>>>();
    for (int from = 0; from < runs.size(); from += PIPELINE) {
      List<Run> part = runs.subList(from, Math.min(from + PIPELINE, runs.size()));
      pipelines.add(session.attempt("reading events", () -> pipeline(part)));
    }
    var read = new HashMap<StreamId, List<StoredEvent>>(2 * runs.size());
    for (int i = 0; i < pipelines.size(); i++) {
      List<Map<StreamMessageId, Map<String, byte[]>>> replies =
          RedisSession.await(pipelines.get(i));
      for (int j = 0; j < replies.size(); j++) {
        StreamId stream = runs.get(i * PIPELINE + j).stream();
        read.put(stream, events(stream, replies.get(j)));
      }
    }
    return read;
  }

  @SuppressWarnings("unchecked") // the replies of a pipeline of XRANGE
  private CompletionStage<List<Map<StreamMessageId, Map<String, byte[]>>>> pipeline(
      List<Run> runs) {
    RBatch batch = session.redisson().createBatch(BatchOptions.defaults().retryAttempts(0));
    for (Run run : runs) {
      var unused =
          batch
              .getStream(keys.stream(run.stream()), FIELDS)
              .rangeAsync(
                  StreamRangeArgs.startId(new StreamMessageId(run.first(), 0))
                      .endId(new StreamMessageId(run.last(), 0)));
    }
    return batch
        .executeAsync()
        .thenApply(
            result -> (List<Map<StreamMessageId, Map<String, byte[]>>>) result.getResponses());
  }

  private List<StoredEvent> events(
      StreamId stream, Map<StreamMessageId, Map<String, byte[]>> entries) {
    int partition = stream.partition(partitions);
    var events = new ArrayList<StoredEvent>(entries.size());
    entries.forEach(
        (id, fields) -> events.add(Entries.event(stream, partition, id.getId0(), fields)));
    return events;
  }
}
