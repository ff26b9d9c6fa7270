package io.refold.eventstore;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.UUID;

/** Makes command ids where the caller gives none. */
final class CommandIds {
  private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

  private CommandIds() {}

  /** A random UUID in 22 instead of 36 characters: it is stored with every event. */
  static String random() {
    UUID uuid = UUID.randomUUID();
    return BASE64.encodeToString(
        ByteBuffer.allocate(16)
            .putLong(uuid.getMostSignificantBits())
            .putLong(uuid.getLeastSignificantBits())
            .array());
  }
}
