package io.refold.eventstore.redis;

import io.refold.eventstore.EventStoreException;
import io.refold.eventstore.StoreDamagedException;
import java.util.function.Supplier;

/** Reads what a server has, which anybody may have changed. */
public final class StoredBytes {
  private StoredBytes() {}

  /**
   * Makes something of what was stored.
   *
   * @param what is read; for the message
   * @param reading makes it, and fails in any way where it cannot
   * @throws StoreDamagedException if it cannot; exceptions of the store pass as they are
   */
  public static <T> T read(Supplier<String> what, Supplier<T> reading) {
    try {
      return reading.get();
    } catch (EventStoreException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new StoreDamagedException(what.get(), e);
    }
  }
}
