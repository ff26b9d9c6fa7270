package io.refold.sample.chaos;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What lies in the servers, as it was read there.
 *
 * @param streams the entries of each stream, by {@code category:id}
 * @param logs the entries of each partition's log
 * @param counts what the counters of each partition say
 * @param rows the JSON of each row, by projection and key
 */
record History(
    Map<String, List<Event>> streams,
    Map<Integer, List<Append>> logs,
    Map<Integer, Count> counts,
    Map<String, Map<String, String>> rows) {

  /** Makes one of nothing. */
  static History empty() {
    return new History(new TreeMap<>(), new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
  }

  /**
   * An entry of a stream.
   *
   * @param id its id
   * @param data its JSON
   * @param command the id of its command
   * @param position the id of its log entry
   */
  record Event(String id, String data, String command, String position) {}

  /**
   * An entry of a log.
   *
   * @param id its id
   * @param pointers what was written
   */
  record Append(String id, List<Pointer> pointers) {
    /** Returns its number in the log. */
    long number() {
      return Long.parseLong(id, 0, id.indexOf('-'), 10);
    }
  }

  /**
   * Points to events of one stream.
   *
   * @param first the version of the first one
   * @param count how many they are
   * @param stream the stream
   */
  record Pointer(long first, int count, String stream) {
    /** Reads a line of a log entry. */
    static Pointer parse(String line) {
      String[] words = line.split(" ", 3);
      return new Pointer(Long.parseLong(words[0]), Integer.parseInt(words[1]), words[2]);
    }
  }

  /** What the counters of a partition say. */
  record Count(long appends, long events) {}
}
