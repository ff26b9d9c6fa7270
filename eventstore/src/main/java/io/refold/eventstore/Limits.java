package io.refold.eventstore;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Map;

/**
 * How much one append may carry. Checked before anything is sent. Large appends hold up everybody
 * else's, because a server does one thing at a time. Immutable.
 *
 * @param eventBytes how many bytes of JSON one event may have, at most 64 MiB
 * @param appendEvents how many events one append may have in all its streams, at most 10,000
 * @param appendBytes how many bytes of JSON one append may have in all, with its metadata, which is
 *     stored with every event; at most 256 MiB
 */
public record Limits(int eventBytes, int appendEvents, int appendBytes) {
  private static final int MIB = 1 << 20;
  private static final Limits DEFAULTS = new Limits(MIB, 1_000, 8 * MIB);

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a limit is less than 1 or too large
   */
  public Limits {
    check("eventBytes", eventBytes, 64 * MIB);
    check("appendEvents", appendEvents, 10_000);
    check("appendBytes", appendBytes, 256 * MIB);
  }

  private static void check(String name, int value, int most) {
    if (value < 1 || value > most) {
      throw new IllegalArgumentException(
          "the limit %s is 1 to %,d, not %,d".formatted(name, most, value));
    }
  }

  /** Returns the defaults: 1 MiB an event, 1,000 events and 8 MiB an append. */
  public static Limits defaults() {
    return DEFAULTS;
  }

  /** Returns a copy that allows events of so many bytes. */
  public Limits withEventBytes(int most) {
    return new Limits(most, appendEvents, appendBytes);
  }

  /** Returns a copy that allows appends of so many events. */
  public Limits withAppendEvents(int most) {
    return new Limits(eventBytes, most, appendBytes);
  }

  /** Returns a copy that allows appends of so many bytes. */
  public Limits withAppendBytes(int most) {
    return new Limits(eventBytes, appendEvents, most);
  }

  /**
   * Checks an append. For implementations of {@link EventStore}.
   *
   * @throws EventNotStorableException if it exceeds a limit, the message says which, and by how
   *     much; or if the type of an event begins with {@code $}, as only a {@link StreamMark} does
   */
  public void check(Append append) {
    long bytes = 0;
    long events = 0;
    for (Append.StreamWrite write : append.writes()) {
      for (EncodedEvent event : write.events()) {
        if (event.type().startsWith("$")) {
          throw new EventNotStorableException(
              "the type '%s' for %s begins with '$', as only Refold's own marks do: name it otherwise"
                  .formatted(event.type(), write.stream()),
              null);
        }
        int size = event.data().length;
        if (size > eventBytes) {
          throw new EventNotStorableException(
              "%s for %s has %,d bytes of JSON, at most %,d are allowed (Limits.eventBytes): store the large part elsewhere and refer to it"
                  .formatted(event.type(), write.stream(), size, eventBytes),
              null);
        }
        bytes += size;
      }
      events += write.events().size();
    }
    StreamId first = append.writes().getFirst().stream();
    if (events > appendEvents) {
      throw new EventNotStorableException(
          "an append to %s has %,d events, at most %,d are allowed (Limits.appendEvents): split it"
              .formatted(first, events, appendEvents),
          null);
    }
    bytes += events * size(append.metadata());
    if (bytes > appendBytes) {
      throw new EventNotStorableException(
          "an append to %s has %,d bytes of JSON, with the metadata of each event, at most %,d are allowed (Limits.appendBytes): split it"
              .formatted(first, bytes, appendBytes),
          null);
    }
  }

  /** Roughly: characters that JSON escapes count once. */
  private static long size(Metadata metadata) {
    long bytes = 0;
    for (Map.Entry<String, String> entry : metadata.entries().entrySet()) {
      bytes += entry.getKey().getBytes(UTF_8).length + entry.getValue().getBytes(UTF_8).length;
      bytes += "\"\":\"\",".length();
    }
    return bytes;
  }

  /**
   * Checks what a call asks for. For implementations of {@link EventStore}.
   *
   * @throws IllegalArgumentException unless {@code after} is 0 or more and {@code limit} is 1 to
   *     {@value EventStore#MAX_PAGE}
   */
  public static void checkPage(long after, int limit) {
    if (after < 0 || limit < 1 || limit > EventStore.MAX_PAGE) {
      throw new IllegalArgumentException(
          "a page starts behind 0 or more and has 1 to %d items, not: after %d, limit %d"
              .formatted(EventStore.MAX_PAGE, after, limit));
    }
  }
}
