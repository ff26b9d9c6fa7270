package io.refold.eventstore.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whether the namespace is a whole store, of a known layout, and nothing else. */
final class LayoutCheck implements Check {
  static final Illness NO_STORE =
      new Illness(
          Severity.ADVICE,
          "no-store",
          "there is nothing to examine; a program that opens this namespace creates a store",
          "check the address, the number of the database, and the namespace");
  static final Illness DAMAGED =
      new Illness(
          Severity.LOSS,
          "namespace-damaged",
          "programs cannot open the store, or create an empty one beside the data",
          "restore this key from a backup; it holds layout, partitions and created");
  static final Illness OTHER_LAYOUT =
      new Illness(
          Severity.HALT,
          "other-layout",
          "no program of this release opens the store",
          "use the release that belongs to the layout");
  static final Illness OTHER_PARTITIONS =
      new Illness(
          Severity.LOSS,
          "other-partitions",
          "events that lie there are seen by nobody",
          "find the program that opened this namespace before it was emptied, and move them");
  static final Illness FOREIGN_KEYS =
      new Illness(
          Severity.ADVICE,
          "foreign-keys",
          "another program uses this namespace and may touch what is ours",
          "give it names that begin otherwise");

  private static final Pattern PARTITION =
      Pattern.compile("\\{[^:{}]+:(\\d+)/(\\d+)\\.(\\d+)}:(.*)", Pattern.DOTALL);
  private static final Pattern KIND =
      Pattern.compile("log|count|(s|snap|lease|at|parked|dropped|deadlines):.+", Pattern.DOTALL);
  private static final Pattern ELSEWHERE =
      Pattern.compile(
          "[^:{}]+:(meta|views|workers:.+|unique:.+)|\\{[^:{}]+:view:[^{}]+}:(head|rows|keys|ix:.+)",
          Pattern.DOTALL);
  private static final int KEYS = 50_000;
  private static final int EXAMPLES = 3;

  @Override
  public String subject() {
    return "the layout";
  }

  @Override
  public List<Illness> illnesses() {
    return List.of(NO_STORE, DAMAGED, OTHER_LAYOUT, OTHER_PARTITIONS, FOREIGN_KEYS);
  }

  /** What lies in the namespace. */
  private static final class Contents {
    private final TreeMap<Integer, Integer> perPartitions = new TreeMap<>();
    private final List<String> foreign = new ArrayList<>();
    private int keys;
    private int foreigners;

    void add(String key, Namespace namespace) {
      keys++;
      Matcher partition = PARTITION.matcher(key);
      if (partition.matches() && KIND.matcher(partition.group(4)).matches()) {
        String tag = key.substring(0, key.indexOf('}') + 1);
        int p = Integer.parseInt(partition.group(1));
        if (p >= namespace.partitions() || !namespace.keys().tag(p).equals(tag)) {
          perPartitions.merge(Integer.parseInt(partition.group(2)), 1, Integer::sum);
        }
      } else if (!ELSEWHERE.matcher(key).matches()) {
        foreigners++;
        if (foreign.size() < EXAMPLES) {
          foreign.add(key);
        }
      }
    }
  }

  @Override
  public void examine(Examination on) {
    Namespace namespace = on.layout();
    var contents = new Contents();
    for (String start : List.of("{", "")) {
      on.scan(
          start + namespace.pattern() + ":*",
          on.atMost(KEYS),
          page -> page.forEach(key -> contents.add(key, namespace)));
    }
    String key = Keys.meta(namespace.name());
    if (namespace.type().equals("none") && contents.keys == 0) {
      on.report(NO_STORE.found("there is no key %s and none beside it", key));
    } else if (namespace.type().equals("none")) {
      on.report(DAMAGED.found("%s is missing beside %,d other keys", key, contents.keys));
    } else if (namespace.partitions() == 0 || !namespace.meta().containsKey("layout")) {
      on.report(DAMAGED.found("%s is a %s with %s", key, namespace.type(), namespace.meta()));
    } else if (!namespace.meta().get("layout").equals(String.valueOf(RedisEventStore.LAYOUT))) {
      on.report(
          OTHER_LAYOUT.found(
              "the layout has version %s, this release knows %d",
              namespace.meta().get("layout"), RedisEventStore.LAYOUT));
    }
    if (namespace.partitions() > 0) {
      contents.perPartitions.forEach((number, keys) ->
          on.report(
              OTHER_PARTITIONS.found(
                  "%,d keys of a store with %d partitions; %s says %d",
                  keys, number, key, namespace.partitions())));
    }
    if (contents.foreigners > 0) {
      on.report(
          FOREIGN_KEYS.found(
              "%,d keys that are not of this layout, such as %s",
              contents.foreigners, String.join(", ", contents.foreign)));
    }
  }
}
