package io.refold.sample.load;

import java.util.function.Consumer;

/** Where histories come from, one after the other: a file, or a generator. */
@FunctionalInterface
public interface FineSource {
  /**
   * Gives every history to the consumer, in the caller's thread, holding none back.
   *
   * @throws RuntimeException whatever the consumer throws, or why the source cannot be read
   */
  void forEach(Consumer<FineHistory> consumer);
}
