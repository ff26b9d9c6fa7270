package io.refold.eventstore;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * An event as it is stored: a logical type name and UTF-8 JSON. Immutable by convention: nobody
 * writes to {@link #data()}, which is not copied because replays pass millions of them.
 */
public final class EncodedEvent {
  private final String type;
  private final byte[] data;

  /**
   * Pairs a logical type name with its data.
   *
   * @param type 1 to 128 characters
   * @param data UTF-8 JSON; not copied, so it must not be changed afterwards
   */
  public EncodedEvent(String type, byte[] data) {
    if (type.isEmpty() || type.length() > 128) {
      throw new IllegalArgumentException(
          "event type '%.40s' has %d characters, 1 to 128 are allowed"
              .formatted(type, type.length()));
    }
    this.type = type;
    this.data = data;
  }

  /** Returns the logical type name. */
  public String type() {
    return type;
  }

  /** Returns the JSON in UTF-8. Must not be modified. */
  public byte[] data() {
    return data;
  }

  /** Returns the JSON as text. */
  public String json() {
    return new String(data, StandardCharsets.UTF_8);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof EncodedEvent that
        && type.equals(that.type)
        && Arrays.equals(data, that.data);
  }

  @Override
  public int hashCode() {
    return 31 * type.hashCode() + Arrays.hashCode(data);
  }

  @Override
  public String toString() {
    return type + json();
  }
}
