package io.refold.projections.redis;

import io.refold.eventstore.redis.Examination;
import io.refold.eventstore.redis.RedisSession;
import io.refold.projections.store.Generation;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** The names of what projections keep in Redis, layout version 1. */
record ProjectionKeys(String namespace, IntFunction<String> partitionTags) {
  ProjectionKeys(RedisSession session) {
    this(session.namespace(), session::partitionTag);
  }

  /** The names of what an examination may look at. */
  static ProjectionKeys of(Examination examination) {
    return new ProjectionKeys(examination.namespace(), examination::partitionTag);
  }

  String views() {
    return namespace + ":views";
  }

  private String tag(int partition) {
    return partitionTags.apply(partition);
  }

  String workers(Generation generation) {
    return "%s:workers:%s".formatted(namespace, generation);
  }

  String log(int partition) {
    return tag(partition) + ":log";
  }

  String count(int partition) {
    return tag(partition) + ":count";
  }

  String lease(int partition, Generation generation) {
    return tag(partition) + ":lease:" + generation;
  }

  String at(int partition, Generation generation) {
    return tag(partition) + ":at:" + generation;
  }

  String parked(int partition, Generation generation) {
    return tag(partition) + ":parked:" + generation;
  }

  String dropped(int partition, Generation generation) {
    return tag(partition) + ":dropped:" + generation;
  }

  /** Everything a generation has in a partition: lease, at, parked and dropped. */
  List<String> subscription(int partition, Generation generation) {
    return List.of(
        lease(partition, generation),
        at(partition, generation),
        parked(partition, generation),
        dropped(partition, generation));
  }

  String deadlines(int partition, String process) {
    return tag(partition) + ":deadlines:" + process;
  }

  /** The consumer group of a generation on every log. */
  String group(Generation generation) {
    return generation.toString();
  }

  private String shard(Generation generation, int shard) {
    return "{%s:view:%s:%d}".formatted(namespace, generation, shard);
  }

  String head(Generation generation, int shard) {
    return shard(generation, shard) + ":head";
  }

  String rows(Generation generation, int shard) {
    return shard(generation, shard) + ":rows";
  }

  /** The order of a shard's rows: of an index, or of their keys where there is none. */
  String order(Generation generation, int shard, @Nullable String index) {
    return shard(generation, shard) + (index == null ? ":keys" : ":ix:" + index);
  }

  /** Everything of a shard, its head first. */
  List<String> all(Generation generation, int shard, List<String> indexes) {
    var keys = new ArrayList<String>();
    keys.add(head(generation, shard));
    keys.add(rows(generation, shard));
    keys.add(order(generation, shard, null));
    indexes.forEach(index -> keys.add(order(generation, shard, index)));
    return keys;
  }
}
