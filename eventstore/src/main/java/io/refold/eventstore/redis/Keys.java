package io.refold.eventstore.redis;

import io.refold.eventstore.StreamId;
import java.nio.charset.StandardCharsets;

/** The names of what the event store keeps in Redis, layout version 1. */
final class Keys {
  private static final int SLOTS = 16_384;

  private final String namespace;
  private final String[] tags;

  Keys(String namespace, int partitions) {
    this.namespace = namespace;
    this.tags = new String[partitions];
    for (int p = 0; p < partitions; p++) {
      tags[p] = tag(namespace, p, partitions);
    }
  }

  static String meta(String namespace) {
    return namespace + ":meta";
  }

  String namespace() {
    return namespace;
  }

  String tag(int partition) {
    return tags[partition];
  }

  String log(int partition) {
    return tags[partition] + ":log";
  }

  String count(int partition) {
    return tags[partition] + ":count";
  }

  String stream(StreamId stream) {
    return tags[stream.partition(tags.length)] + ":s:" + stream;
  }

  String snapshot(StreamId stream) {
    return tags[stream.partition(tags.length)] + ":snap:" + stream;
  }

  /**
   * The hash tag of a partition. Its last part is the smallest number that puts the tag's slot into
   * the partition's share of the slots, so that partitions spread evenly over the nodes of a
   * cluster.
   */
  private static String tag(String namespace, int partition, int partitions) {
    for (int k = 0; ; k++) {
      String tag = "%s:%d/%d.%d".formatted(namespace, partition, partitions, k);
      if ((long) slot(tag) * partitions / SLOTS == partition) {
        return "{" + tag + "}";
      }
    }
  }

  /**
   * Returns the part of a key that decides on its slot: what stands between its first <code>{
   * </code> and the first <code>}</code> behind that, or else all of it. Redisson 4.7 takes the
   * first <code>}</code> of the whole key; of this part it makes the right slot.
   */
  static String hashed(String key) {
    int start = key.indexOf('{') + 1;
    int end = key.indexOf('}', start);
    return start > 0 && end > start ? key.substring(start, end) : key;
  }

  /** CRC-16/XMODEM modulo 16,384, as the Redis Cluster specification defines it. */
  static int slot(String tag) {
    int crc = 0;
    for (byte b : tag.getBytes(StandardCharsets.UTF_8)) {
      crc ^= (b & 0xFF) << 8;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 0x8000) == 0 ? crc << 1 : (crc << 1) ^ 0x1021;
      }
      crc &= 0xFFFF;
    }
    return crc % SLOTS;
  }
}
