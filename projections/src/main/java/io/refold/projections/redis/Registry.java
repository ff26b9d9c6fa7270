package io.refold.projections.redis;

import io.refold.eventstore.redis.Examination;
import io.refold.projections.store.Generation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the hash of all projections says, as an onlooker sees it.
 *
 * @param fields its fields
 */
record Registry(Map<String, String> fields) {
  /**
   * A version that is read.
   *
   * @param generation what is read
   * @param version the version
   * @param seen when somebody of it was there last, in microseconds
   */
  record Live(Generation generation, int version, long seen) {}

  /**
   * A fresh generation under way.
   *
   * @param generation the generation
   * @param purpose what it is for
   * @param expires when its coordinator counts as gone, in microseconds
   * @param coordinator that one's name
   */
  record Fresh(Generation generation, String purpose, long expires, String coordinator) {}

  /**
   * A generation that is to be swept.
   *
   * @param generation the generation
   * @param since since when, in microseconds
   */
  record Gone(Generation generation, long since) {}

  static Registry read(Examination on) {
    return new Registry(on.hash(views(on)));
  }

  static String views(Examination on) {
    return on.namespace() + ":views";
  }

  /** Returns the names of all projections. */
  Set<String> projections() {
    var names = new TreeSet<String>();
    fields.keySet().forEach(field -> names.add(field.substring(0, field.indexOf(':'))));
    return names;
  }

  private String field(String projection, String name) {
    return fields.getOrDefault(projection + ":" + name, "");
  }

  private long number(String projection, String name) {
    String text = field(projection, name);
    return text.isEmpty() ? 0 : Long.parseLong(text);
  }

  /** Returns the newest number that was given out. */
  int newest(String projection) {
    return (int) number(projection, "next");
  }

  private static List<Integer> numbers(String text) {
    var numbers = new ArrayList<Integer>();
    for (String word : text.trim().split(" +", -1)) {
      if (!word.isEmpty()) {
        numbers.add(Integer.valueOf(word));
      }
    }
    return numbers;
  }

  List<Live> live(String projection) {
    return numbers(field(projection, "versions")).stream()
        .map(version ->
            new Live(
                new Generation(projection, (int) number(projection, "live:" + version)),
                version,
                number(projection, "seen:" + version)))
        .toList();
  }

  Optional<Fresh> fresh(String projection) {
    String[] rebuild = field(projection, "rebuild").split(" ", 3);
    if (rebuild.length < 3) {
      return Optional.empty();
    }
    String[] coordinator = field(projection, "coordinator").split(" ", 2);
    boolean known = coordinator.length == 2;
    return Optional.of(
        new Fresh(
            new Generation(projection, Integer.parseInt(rebuild[0])),
            rebuild[2],
            known ? Long.parseLong(coordinator[0]) : 0,
            known ? coordinator[1] : "nobody"));
  }

  List<Gone> gone(String projection) {
    return numbers(field(projection, "gone")).stream()
        .map(number ->
            new Gone(new Generation(projection, number), number(projection, "gone:" + number)))
        .toList();
  }

  /** Returns the generations whose events are applied: those that are read, and the fresh one. */
  List<Generation> worked(String projection) {
    var generations = new ArrayList<Generation>();
    live(projection).forEach(live -> generations.add(live.generation()));
    fresh(projection).ifPresent(fresh -> generations.add(fresh.generation()));
    return generations;
  }

  /** Returns all generations that are known, also those that are to be swept. */
  Set<Generation> known() {
    var known = new HashSet<Generation>();
    for (String projection : projections()) {
      known.addAll(worked(projection));
      gone(projection).forEach(gone -> known.add(gone.generation()));
    }
    return known;
  }

  /** Returns over how many shards a generation's rows are spread; 0 if it has none. */
  int shards(Generation generation) {
    String shape = field(generation.projection(), "gen:" + generation.number());
    return shape.isEmpty() ? 0 : RedisGenerations.shape(shape).shards();
  }
}
