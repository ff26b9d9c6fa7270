package io.refold.sample.chaos;

import io.refold.sample.chaos.History.Append;
import io.refold.sample.chaos.History.Count;
import io.refold.sample.chaos.History.Event;
import io.refold.sample.chaos.History.Pointer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads by plain commands what lies in the servers. It knows the layout of keys, and no code. */
final class Outside {
  private static final Pattern PARTITION = Pattern.compile("\\{[^:]+:(\\d+)/[^}]+}:([^:]+):?(.*)");
  private static final Pattern ROWS = Pattern.compile("\\{[^:]+:view:([^:]+):(\\d+):\\d+}:rows");
  private static final List<String> SUBSCRIBERS =
      List.of(Balances.NAME, Totals.NAME, WorkerProcess.ECHOES, WorkerProcess.EFFECTS);

  private final String namespace;
  private final Servers servers;

  Outside(String namespace, Servers servers) {
    this.namespace = namespace;
    this.servers = servers;
  }

  /**
   * How far the work is.
   *
   * @param open what is not done yet
   * @param parked what is parked
   * @param lost the subscribers that stand still because history was lost
   */
  record Progress(List<String> open, List<String> parked, List<String> lost) {
    boolean done() {
      return open.isEmpty();
    }
  }

  private interface Reader {
    void read(RawRedis redis, String key) throws IOException;
  }

  /** Has every key of the namespace read at the server that holds it. */
  private void each(Reader reader) throws IOException {
    for (int port : servers.ports()) {
      try (var redis = new RawRedis(port)) {
        var keys = new TreeSet<String>();
        String cursor = "0";
        do {
          var page = (List<?>) some(redis.command(List.of("SCAN", cursor, "COUNT", "5000")));
          cursor = (String) some(page.get(0));
          ((List<?>) some(page.get(1))).forEach(key -> keys.add((String) key));
        } while (!cursor.equals("0"));
        for (String key : keys) {
          if (key.startsWith(namespace + ":") || key.startsWith("{" + namespace + ":")) {
            reader.read(redis, key);
          }
        }
      }
    }
  }

  /**
   * Reads how far the work is.
   *
   * @throws IOException if a server does not answer
   */
  Progress progress() throws IOException {
    Map<String, String> views = new HashMap<>();
    Map<String, String> ends = new HashMap<>();
    Map<String, Map<String, String>> places = new HashMap<>();
    Map<String, Map<String, String>> leases = new HashMap<>();
    List<String> parked = new ArrayList<>();
    each((redis, key) -> {
      if (key.equals(namespace + ":views")) {
        views.putAll(hash(redis, key));
      }
      Matcher partition = PARTITION.matcher(key);
      if (partition.matches()) {
        String number = partition.group(1);
        switch (partition.group(2)) {
          case "log" -> ends.put(number, last(redis, key));
          case "lease" -> leases.put(number + " " + partition.group(3), hash(redis, key));
          case "at" -> places.put(number + " " + partition.group(3), hash(redis, key));
          case "parked" -> parked.add(key + " " + hash(redis, key));
          default -> {}
        }
      }
    });
    List<String> open = new ArrayList<>();
    List<String> lost = new ArrayList<>();
    for (String subscriber : SUBSCRIBERS) {
      String live = views.get(subscriber + ":live:1");
      if (live == null) {
        open.add(subscriber + " was never started");
        continue;
      }
      if (views.containsKey(subscriber + ":rebuild")) {
        open.add(
            "%s is being rebuilt: %s".formatted(subscriber, views.get(subscriber + ":rebuild")));
      }
      ends.forEach((partition, end) -> {
        String key = partition + " " + subscriber + ":" + live;
        Map<String, String> place = places.getOrDefault(key, Map.of());
        String problem = place.getOrDefault("problem", "");
        if (problem.startsWith("lost: ") && !lost.contains(subscriber)) {
          lost.add(subscriber);
        }
        if (!end.equals(place.get("settled"))
            || !"1".equals(place.get("grouped"))
            || !problem.isEmpty()) {
          open.add(
              "%s is at %s of %s in partition %s, owned by %s"
                  .formatted(subscriber, place, end, partition, leases.get(key)));
        }
      });
    }
    return new Progress(open, parked, lost);
  }

  /**
   * Tells whether a projection is being rebuilt or verified.
   *
   * @throws IOException if a server does not answer
   */
  boolean fills(String projection) throws IOException {
    boolean[] filling = {false};
    each((redis, key) -> {
      if (key.equals(namespace + ":views")) {
        filling[0] = hash(redis, key).containsKey(projection + ":rebuild");
      }
    });
    return filling[0];
  }

  /**
   * Reads everything that there is to audit.
   *
   * @throws IOException if a server does not answer
   */
  History history() throws IOException {
    var history = History.empty();
    Map<String, String> views = new HashMap<>();
    Map<String, Map<String, String>> rows = new HashMap<>();
    each((redis, key) -> {
      if (key.equals(namespace + ":views")) {
        views.putAll(hash(redis, key));
      }
      Matcher partition = PARTITION.matcher(key);
      if (partition.matches()) {
        int number = Integer.parseInt(partition.group(1));
        switch (partition.group(2)) {
          case "log" -> history.logs().put(number, log(redis, key));
          case "count" -> history.counts().put(number, count(redis, key));
          case "s" -> history.streams().put(partition.group(3), stream(redis, key));
          default -> {}
        }
      }
      Matcher shard = ROWS.matcher(key);
      if (shard.matches()) {
        rows.computeIfAbsent(shard.group(1) + " " + shard.group(2), name -> new HashMap<>())
            .putAll(hash(redis, key));
      }
    });
    for (String projection : List.of(Balances.NAME, Totals.NAME)) {
      String live = views.get(projection + ":live:1");
      Map<String, String> found = rows.getOrDefault(projection + " " + live, Map.of());
      var json = new HashMap<String, String>();
      found.forEach((key, row) -> json.put(key, row.substring(row.indexOf(' ') + 1)));
      history.rows().put(projection, json);
    }
    return history;
  }

  private static Object some(@Nullable Object reply) {
    return Objects.requireNonNull(reply);
  }

  private static Map<String, String> hash(RawRedis redis, String key) throws IOException {
    return fields((List<?>) some(redis.command(List.of("HGETALL", key))));
  }

  private static Map<String, String> fields(List<?> flat) {
    var fields = new HashMap<String, String>();
    for (int i = 0; i < flat.size(); i += 2) {
      fields.put((String) flat.get(i), (String) flat.get(i + 1));
    }
    return fields;
  }

  private static List<?> entries(RawRedis redis, String key) throws IOException {
    return (List<?>) some(redis.command(List.of("XRANGE", key, "-", "+")));
  }

  private static String last(RawRedis redis, String key) throws IOException {
    var entries = (List<?>) some(redis.command(List.of("XREVRANGE", key, "+", "-", "COUNT", "1")));
    return entries.isEmpty() ? "0-0" : id(entries.getFirst());
  }

  private static String id(Object entry) {
    return (String) some(((List<?>) entry).get(0));
  }

  private static Map<String, String> content(Object entry) {
    return fields((List<?>) some(((List<?>) entry).get(1)));
  }

  private static String field(Map<String, String> content, String name) {
    return content.getOrDefault(name, "");
  }

  private static List<Event> stream(RawRedis redis, String key) throws IOException {
    var events = new ArrayList<Event>();
    for (Object entry : entries(redis, key)) {
      Map<String, String> content = content(entry);
      events.add(
          new Event(id(entry), field(content, "d"), field(content, "c"), field(content, "p")));
    }
    return events;
  }

  private static List<Append> log(RawRedis redis, String key) throws IOException {
    var log = new ArrayList<Append>();
    for (Object entry : entries(redis, key)) {
      log.add(
          new Append(id(entry), field(content(entry), "w").lines().map(Pointer::parse).toList()));
    }
    return log;
  }

  private static Count count(RawRedis redis, String key) throws IOException {
    Map<String, String> counts = hash(redis, key);
    return new Count(
        Long.parseLong(counts.getOrDefault("appends", "0")),
        Long.parseLong(counts.getOrDefault("events", "0")));
  }
}
