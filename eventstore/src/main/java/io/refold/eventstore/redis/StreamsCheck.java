package io.refold.eventstore.redis;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.StoreDamagedException;
import io.refold.eventstore.StreamId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.redisson.client.RedisException;

/** Whether streams count without gap, and the log has an entry for every event. */
final class StreamsCheck implements Check {
  static final Illness GAP =
      new Illness(
          Severity.LOSS,
          "stream-gap",
          "events are lost: the aggregate is folded from what is left",
          "restore the partition from a backup or a replica; find out what else writes to this"
              + " server");
  static final Illness NO_ENTRY =
      new Illness(
          Severity.LOSS,
          "event-without-log-entry",
          "no projection ever sees the event, or not as it is now",
          "restore the partition from a backup; find out what else writes to this server");
  static final Illness MISPLACED =
      new Illness(
          Severity.LOSS,
          "stream-misplaced",
          "no program finds the stream, because its id belongs to another partition",
          "find the program that computes partitions in another way, and move the events");

  private static final int STREAMS = 2_000;
  private static final int KEYS = 50_000;
  private static final int EVENTS = 50;
  private static final int EXAMPLES = 3;
  private static final String END = "18446744073709551615-18446744073709551615";

  @Override
  public String subject() {
    return "streams";
  }

  @Override
  public List<Illness> illnesses() {
    return List.of(GAP, NO_ENTRY, MISPLACED);
  }

  @Override
  public void examine(Examination on) {
    var looked = new HashMap<Illness, Seen>();
    if (on.partitions() > 0) {
      var streams = new Streams(on, looked);
      try {
        on.scan("{" + on.layout().pattern() + ":*}:s:*", on.atMost(KEYS), streams::look);
      } finally {
        looked.forEach((illness, seen) ->
            on.report(
                illness.found("%,d, such as %s", seen.number, String.join("; ", seen.examples))));
      }
    }
  }

  /** A stream may be deleted meanwhile, or be none; what may not be asked is not checked. */
  private static List<?> gone(Throwable failure) {
    Throwable cause = RedisErrors.cause(failure);
    boolean told = cause instanceof RedisException && RedisErrors.answered(cause);
    if (told && !String.valueOf(cause.getMessage()).contains("NOPERM")) {
      return List.of();
    }
    throw new CompletionException(cause);
  }

  /** How often something was seen. */
  private static final class Seen {
    private final List<String> examples = new ArrayList<>();
    private long number;

    void add(String example) {
      number++;
      if (examples.size() < EXAMPLES) {
        examples.add(example);
      }
    }
  }

  /** Looks at streams of all partitions, up to the number of a sample. */
  private static final class Streams {
    private final Examination on;
    private final Map<Illness, Seen> seen;
    private long left;

    Streams(Examination on, Map<Illness, Seen> seen) {
      this.on = on;
      this.seen = seen;
      this.left = on.atMost(STREAMS);
    }

    private void found(Illness illness, String what) {
      seen.computeIfAbsent(illness, none -> new Seen()).add(what);
    }

    void look(List<String> keys) {
      for (int p = 0; p < on.partitions(); p++) {
        String start = on.partitionTag(p) + ":s:";
        List<String> own =
            keys.stream().filter(key -> key.startsWith(start)).limit(Math.max(0, left)).toList();
        left -= own.size();
        own.forEach(key -> place(key, start));
        whole(own);
        for (String key : own) {
          logged(key, p, key.substring(start.length()));
        }
      }
    }

    private void place(String key, String start) {
      try {
        int belongs = StreamId.parse(key.substring(start.length())).partition(on.partitions());
        if (!start.equals(on.partitionTag(belongs) + ":s:")) {
          found(MISPLACED, "%s belongs to partition %d".formatted(key, belongs));
        }
      } catch (IllegalArgumentException e) {
        found(MISPLACED, key + " is not the name of a stream");
      }
    }

    private void whole(List<String> keys) {
      List<?> replies =
          on.callEach(
              keys,
              key -> on.callAsync(key, "XINFO", "STREAM", key).exceptionally(StreamsCheck::gone));
      for (int i = 0; i < keys.size(); i++) {
        Map<String, Object> info = new HashMap<>();
        List<?> reply = ReadCommands.list(replies.get(i));
        for (int f = 0; f + 1 < reply.size(); f += 2) {
          Object value = reply.get(f + 1);
          info.put(ReadCommands.text(reply.get(f)), value == null ? "" : value);
        }
        if (!reply.isEmpty()) {
          whole(keys.get(i), info);
        }
      }
    }

    private void whole(String key, Map<String, Object> info) {
      if (!(info.get("first-entry") instanceof List<?> first)
          || !(info.get("last-entry") instanceof List<?> last)) {
        found(GAP, key + " is empty");
        return;
      }
      StoredEntry oldest = StoredEntry.of(first);
      StoredEntry newest = StoredEntry.of(last);
      String end = ReadCommands.text(info.get("last-generated-id"));
      Object length = info.getOrDefault("length", 0L);
      boolean deleted = oldest.field("t").equals("$deleted");
      boolean starts = deleted || oldest.id().equals("1-0");
      boolean full = length.equals(deleted ? 1L : newest.number());
      boolean ends = end.equals(newest.id()) || end.equals(END);
      if (!starts || !full || !ends) {
        found(
            GAP,
            "%s has %s events, from %s to %s, and its last was %s"
                .formatted(key, length, oldest.id(), newest.id(), end));
      }
    }

    /** The newest events, or all, each with the entry of the log that it names. */
    private void logged(String key, int partition, String name) {
      if (!on.thorough()) {
        logged(
            StoredEntry.list(on.call(key, "XREVRANGE", key, "+", "-", "COUNT", EVENTS)),
            partition,
            name);
        return;
      }
      String from = "-";
      for (List<StoredEntry> page = page(key, from); !page.isEmpty(); page = page(key, from)) {
        logged(page, partition, name);
        from = "(" + page.getLast().id();
      }
    }

    private List<StoredEntry> page(String key, String from) {
      return StoredEntry.list(on.call(key, "XRANGE", key, from, "+", "COUNT", Examination.PAGE));
    }

    private void logged(List<StoredEntry> events, int partition, String name) {
      List<String> positions = events.stream().map(event -> event.field("p")).distinct().toList();
      List<?> entries = on.callEach(positions, position -> entry(partition, position));
      for (StoredEntry event : events) {
        Object reply = entries.get(positions.indexOf(event.field("p")));
        if (!pointsTo(reply, partition, name, event)) {
          found(
              NO_ENTRY,
              "event %s of %s, which names entry '%s'"
                  .formatted(event.id(), name, event.field("p")));
        }
      }
    }

    private CompletableFuture<@Nullable Object> entry(int partition, String position) {
      String log = on.layout().keys().log(partition);
      return position.matches("\\d{1,18}-\\d{1,18}")
          ? on.callAsync(log, "XRANGE", log, position, position)
          : CompletableFuture.completedFuture(List.of());
    }

    private static boolean pointsTo(
        @Nullable Object reply, int partition, String name, StoredEntry event) {
      List<StoredEntry> found = StoredEntry.list(reply);
      if (found.isEmpty()) {
        return false;
      }
      StoredEntry stored = found.getFirst();
      try {
        byte[] lines = stored.field("w").getBytes(StandardCharsets.UTF_8);
        LogEntry entry = Entries.logEntry(partition, stored.id(), lines);
        return entry.pointers().stream()
            .anyMatch(pointer ->
                pointer.stream().toString().equals(name)
                    && pointer.firstVersion() <= event.number()
                    && event.number() <= pointer.lastVersion());
      } catch (IllegalArgumentException | StoreDamagedException e) {
        return true; // the check of logs tells of damaged entries
      }
    }
  }
}
