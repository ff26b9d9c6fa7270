package io.refold.eventstore.redis;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.StoreDamagedException;
import io.refold.eventstore.StreamId;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Whether logs count without gap, and every entry has the events to which it points. */
final class LogsCheck implements Check {
  static final Illness GAP =
      new Illness(
          Severity.LOSS,
          "log-gap",
          "projections stop there, because something is missing that they have not seen",
          "restore the partition from a backup or a replica that has the entries");
  static final Illness DAMAGED =
      new Illness(
          Severity.LOSS,
          "log-entry-damaged",
          "projections stop there, because nobody knows to which events it points",
          "restore the partition from a backup; find out what else writes to this server");
  static final Illness NO_EVENTS =
      new Illness(
          Severity.LOSS,
          "log-entry-without-events",
          "events are lost or changed; projections report lost history there",
          "restore the partition from a backup or a replica; find out what else writes to this"
              + " server");
  static final Illness COUNT =
      new Illness(
          Severity.LOSS,
          "count-disagrees",
          "behind: every append is refused; ahead: the end of the log is lost, readers meet a gap",
          "restore the partition from a backup; if the log is whole, set the counter to its end");

  private static final int OLDEST = 200;
  private static final int NEWEST = 500;
  private static final int EXAMPLES = 3;

  @Override
  public String subject() {
    return "logs";
  }

  @Override
  public List<Illness> illnesses() {
    return List.of(GAP, DAMAGED, NO_EVENTS, COUNT);
  }

  @Override
  public void examine(Examination on) {
    on.eachPartition(this, partition -> new Log(on, partition).look());
  }

  /** One partition's log. */
  private static final class Log {
    private final Examination on;
    private final int partition;
    private final String key;
    private final String countKey;
    private final List<String> lost = new ArrayList<>();
    private long missing;

    Log(Examination on, int partition) {
      this.on = on;
      this.partition = partition;
      this.key = on.layout().keys().log(partition);
      this.countKey = on.layout().keys().count(partition);
    }

    private record Count(long appends, long events) {}

    private Count count() {
      List<?> reply = ReadCommands.list(on.call(countKey, "HMGET", countKey, "appends", "events"));
      return new Count(number(reply.get(0)), number(reply.get(1)));
    }

    private static long number(@Nullable Object text) {
      String digits = ReadCommands.text(text);
      return digits.matches("\\d{1,18}") ? Long.parseLong(digits) : 0;
    }

    void look() {
      Count before = count(); // the counter and the log move together, and only forwards
      long newest = StoredEntry.number(on.newest(key));
      Count after = count();
      if (newest < before.appends() || newest > after.appends()) {
        on.report(
            COUNT.found(
                "partition %d: the counter says %,d appends, the log's newest entry has number %,d",
                partition, after.appends(), newest));
      }
      if (on.thorough()) {
        everything(before);
      } else {
        sample();
      }
      if (missing > 0) {
        on.report(
            NO_EVENTS.found(
                "partition %d: %,d events, such as %s",
                partition, missing, String.join(", ", lost)));
      }
    }

    private void everything(Count count) {
      long events = 0;
      long last = 0;
      for (List<StoredEntry> page = range("-");
          !page.isEmpty();
          page = range("(" + page.getLast().id())) {
        last = consecutive(page, last);
        for (LogEntry entry : resolve(page)) {
          if (entry.position().sequence() <= count.appends()) {
            events += entry.pointers().stream().mapToLong(LogEntry.Pointer::count).sum();
          }
        }
      }
      if (events != count.events()) {
        on.report(
            COUNT.found(
                "partition %d: the counter says %,d events, the log points to %,d",
                partition, count.events(), events));
      }
    }

    private List<StoredEntry> range(String from) {
      return StoredEntry.list(on.call(key, "XRANGE", key, from, "+", "COUNT", Examination.PAGE));
    }

    private void sample() {
      List<StoredEntry> oldest =
          StoredEntry.list(on.call(key, "XRANGE", key, "-", "+", "COUNT", OLDEST));
      long last = consecutive(oldest, 0);
      resolve(oldest);
      List<StoredEntry> newest =
          StoredEntry.list(on.call(key, "XREVRANGE", key, "+", "-", "COUNT", NEWEST)).reversed();
      List<StoredEntry> rest = newest.stream().filter(entry -> entry.number() > last).toList();
      if (!rest.isEmpty()) {
        boolean joined = rest.size() < newest.size() || newest.getFirst().number() == last + 1;
        consecutive(rest, joined ? last : rest.getFirst().number() - 1);
        resolve(rest);
      }
    }

    private long consecutive(List<StoredEntry> page, long before) {
      long last = before;
      for (StoredEntry entry : page) {
        if (entry.number() != last + 1) {
          on.report(
              GAP.found(
                  "partition %d: number %,d is followed by entry %s", partition, last, entry.id()));
        }
        last = entry.number();
      }
      return last;
    }

    /** Looks for the events of entries; returns the entries that can be read. */
    private List<LogEntry> resolve(List<StoredEntry> page) {
      var entries = new ArrayList<LogEntry>();
      var pointers = new ArrayList<Pointer>();
      for (StoredEntry stored : page) {
        try {
          LogEntry entry =
              Entries.logEntry(
                  partition, stored.id(), stored.field("w").getBytes(StandardCharsets.UTF_8));
          entries.add(entry);
          entry.pointers().forEach(pointer -> pointers.add(new Pointer(stored.id(), pointer)));
        } catch (IllegalArgumentException | StoreDamagedException e) {
          on.report(
              DAMAGED.found(
                  "partition %d: entry %s has %s", partition, stored.id(), stored.fields()));
        }
      }
      List<?> replies = on.callEach(pointers, pointer -> events(pointer.events()));
      for (int i = 0; i < pointers.size(); i++) {
        compare(pointers.get(i), StoredEntry.list(replies.get(i)));
      }
      return entries;
    }

    private record Pointer(String id, LogEntry.Pointer events) {}

    private CompletableFuture<@Nullable Object> events(LogEntry.Pointer pointer) {
      String stream = stream(pointer.stream());
      return on.callAsync(
          stream, "XRANGE", stream, pointer.firstVersion() + "-0", pointer.lastVersion() + "-0");
    }

    /** The key in this partition, also where the id belongs elsewhere. */
    private String stream(StreamId id) {
      return on.partitionTag(partition) + ":s:" + id;
    }

    private void compare(Pointer pointer, List<StoredEntry> found) {
      LogEntry.Pointer events = pointer.events();
      long[] absent =
          LongStream.rangeClosed(events.firstVersion(), events.lastVersion())
              .filter(version ->
                  found.stream()
                      .noneMatch(event ->
                          event.id().equals(version + "-0")
                              && event.field("p").equals(pointer.id())))
              .toArray();
      if (absent.length == 0 || deleted(events.stream())) {
        return;
      }
      missing += absent.length;
      if (lost.size() < EXAMPLES) {
        lost.add("%d of %s (entry %s)".formatted(absent[0], events.stream(), pointer.id()));
      }
    }

    private boolean deleted(StreamId id) {
      String stream = stream(id);
      List<StoredEntry> newest =
          StoredEntry.list(on.call(stream, "XREVRANGE", stream, "+", "-", "COUNT", 1));
      return !newest.isEmpty() && newest.getFirst().field("t").equals("$deleted");
    }
  }
}
