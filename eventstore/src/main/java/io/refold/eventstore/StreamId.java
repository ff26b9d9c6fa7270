package io.refold.eventstore;

import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * Names the stream of one aggregate: a category and an id within it.
 *
 * <p>A category has 1 to 64 characters, none of them {@code :}, <code>{</code> or <code>}</code>;
 * an id has 1 to 256; neither may contain control characters.
 *
 * @param category the kind of aggregate, {@link Category#name()}
 * @param id the aggregate's id within its category
 */
public record StreamId(String category, String id) {
  /**
   * Checks both names.
   *
   * @throws IllegalArgumentException if a name is empty, too long, or has a character that is not
   *     allowed
   */
  public StreamId {
    Names.category(category);
    Names.streamId(id);
  }

  /**
   * Returns the part of the id that decides about the partition: all up to the first {@code /},
   * else the whole id. The category does not count, so streams of one route share one order and may
   * be written in one append.
   */
  public String route() {
    int slash = id.indexOf('/');
    return slash < 0 ? id : id.substring(0, slash);
  }

  /**
   * Returns the partition of this stream: CRC-32 (the one of zlib and PNG) of the route in UTF-8,
   * as an unsigned number, modulo the number of partitions.
   *
   * @param partitions how many partitions the store has, at least 1
   */
  public int partition(int partitions) {
    var crc = new CRC32();
    crc.update(route().getBytes(StandardCharsets.UTF_8));
    return (int) (crc.getValue() % partitions);
  }

  /** Returns {@code category:id}, the form used in keys, logs and messages. */
  @Override
  public String toString() {
    return category + ":" + id;
  }

  /**
   * Reads what {@link #toString()} wrote.
   *
   * @throws IllegalArgumentException if there is no {@code :} or a part is not a valid name
   */
  public static StreamId parse(String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      throw new IllegalArgumentException("'%s' is not category:id".formatted(text));
    }
    return new StreamId(text.substring(0, colon), text.substring(colon + 1));
  }
}
