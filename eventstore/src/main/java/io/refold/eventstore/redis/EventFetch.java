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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.redisson.api.stream.StreamMessageId;
import org.redisson.api.stream.StreamRangeArgs;

/**
 * Reads streams and logs by XRANGE.
 *
 * <p>Log entries are resolved with one read per stream, however many entries point to it: the runs
 * of one stream within a stretch of the log follow each other.
 */
final class EventFetch {
  /** From so many reads, or entries, on they go in bulk; fewer share pipelines with other calls. */
  private static final int MANY = 64;

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
    if (afterVersion == Long.MAX_VALUE) {
      return List.of();
    }
    String key = keys.stream(stream);
    var range =
        StreamRangeArgs.startId(new StreamMessageId(afterVersion + 1, 0))
            .endId(StreamMessageId.MAX)
            .count(limit);
    Map<StreamMessageId, Map<String, byte[]>> entries =
        session.read("the read of " + stream, key, target -> target.stream(key).rangeAsync(range));
    return events(stream, entries);
  }

  List<LogEntry> log(int partition, long afterSequence, int limit) {
    if (afterSequence == Long.MAX_VALUE) {
      return List.of();
    }
    String key = keys.log(partition);
    if (limit >= MANY) {
      var whole =
          new BulkReads.Range<>(
              key,
              (afterSequence + 1) + "-0",
              "+",
              limit,
              entry -> Entries.logEntry(partition, entry));
      Optional<List<List<LogEntry>>> read = session.bulk().read(key, List.of(whole));
      if (read.isPresent()) {
        return read.get().getFirst();
      }
    }
    var range =
        StreamRangeArgs.startId(new StreamMessageId(afterSequence + 1, 0))
            .endId(StreamMessageId.MAX)
            .count(limit);
    Map<StreamMessageId, Map<String, byte[]>> entries =
        session.read(
            "the read of the log of partition " + partition,
            key,
            target -> target.stream(key).rangeAsync(range));
    var log = new ArrayList<LogEntry>(entries.size());
    entries.forEach((id, fields) -> {
      byte[] lines = fields.getOrDefault("w", new byte[0]);
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
    if (runs.size() >= MANY) {
      Optional<Map<StreamId, List<StoredEvent>>> read = inBulk(runs);
      if (read.isPresent()) {
        return read.get();
      }
    }
    var replies = new ArrayList<CompletableFuture<Map<StreamMessageId, Map<String, byte[]>>>>();
    for (Run run : runs) {
      var range =
          StreamRangeArgs.startId(new StreamMessageId(run.first(), 0))
              .endId(new StreamMessageId(run.last(), 0));
      String key = keys.stream(run.stream());
      replies.add(
          session.readAsync(
              "the read of " + run.stream(), key, target -> target.stream(key).rangeAsync(range)));
    }
    var read = new HashMap<StreamId, List<StoredEvent>>(2 * runs.size());
    for (int i = 0; i < runs.size(); i++) {
      StreamId stream = runs.get(i).stream();
      read.put(stream, events(stream, RedisSession.awaitRead(replies.get(i))));
    }
    return read;
  }

  /** Runs of one partition lie in one slot. */
  private Optional<Map<StreamId, List<StoredEvent>>> inBulk(List<Run> runs) {
    int partition = runs.getFirst().stream().partition(partitions);
    var ranges = new ArrayList<BulkReads.Range<StoredEvent>>(runs.size());
    for (Run run : runs) {
      ranges.add(
          new BulkReads.Range<>(
              keys.stream(run.stream()),
              run.first() + "-0",
              run.last() + "-0",
              Integer.MAX_VALUE,
              entry -> Entries.event(run.stream(), partition, entry)));
    }
    return session
        .bulk()
        .read(keys.log(partition), ranges)
        .map(read -> {
          var events = HashMap.<StreamId, List<StoredEvent>>newHashMap(runs.size());
          for (int i = 0; i < runs.size(); i++) {
            events.put(runs.get(i).stream(), read.get(i));
          }
          return events;
        });
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
