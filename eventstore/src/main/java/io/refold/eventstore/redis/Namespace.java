package io.refold.eventstore.redis;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a namespace says of itself.
 *
 * @param name the first part of every key
 * @param type the type of its first key, {@code none} if there is none
 * @param meta what stands there
 * @param partitions how many there are; 0 if that cannot be understood
 * @param keys the names of what it holds
 */
record Namespace(String name, String type, Map<String, String> meta, int partitions, Keys keys) {
  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,3}");
  private static final int MOST = 1_024;

  static Namespace read(String name, Examination on) {
    String key = Keys.meta(name);
    String type;
    Map<String, String> meta;
    try {
      type = ReadCommands.text(on.call(key, "TYPE", key));
      meta = type.equals("hash") ? on.hash(key) : Map.of();
    } catch (RuntimeException e) {
      on.unchecked("the layout", e);
      type = "?";
      meta = Map.of();
    }
    Matcher number = NUMBER.matcher(meta.getOrDefault("partitions", ""));
    int given = number.matches() ? Integer.parseInt(number.group()) : 0;
    int partitions = given > MOST ? 0 : given;
    return new Namespace(name, type, meta, partitions, new Keys(name, partitions));
  }

  /** Returns the name as it stands in a pattern of SCAN, which takes some characters otherwise. */
  String pattern() {
    return name.replaceAll("[\\\\*?\\[\\]^-]", "\\\\$0");
  }
}
