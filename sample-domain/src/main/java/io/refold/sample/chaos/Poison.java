package io.refold.sample.chaos;

import io.refold.eventstore.Recorded;
import io.refold.sample.chaos.Ledger.Booked;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;

/**
 * Has projections fail at a few bookings until a cure is found, which is good for all bookings up
 * to then. Every process and every generation fails at the same ones. Thread-safe.
 */
final class Poison {
  private static final int ONE_IN = 100;
  private static final String CURE = "cure";

  private final Path cure;

  /** Finds the cure in a directory. */
  Poison(Path directory) {
    cure = directory.resolve(CURE);
  }

  /** Cures everything that was booked before now. */
  void end() throws IOException {
    Path fresh = cure.resolveSibling(CURE + ".new");
    Files.writeString(fresh, Instant.now().toString());
    Files.move(fresh, cure, StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * Lets a booking pass.
   *
   * @throws IllegalStateException if it is poisoned
   */
  void taste(Recorded<Booked> recorded) {
    if (spoils(recorded.event(), recorded.recordedAt())) {
      throw new IllegalStateException("poisoned");
    }
  }

  /** Tells whether a booking that was made then is poisoned. */
  boolean spoils(Booked booked, Instant at) {
    return booked.cents() % ONE_IN == 0 && at.isAfter(cured());
  }

  private Instant cured() {
    try {
      return Files.exists(cure) ? Instant.parse(Files.readString(cure)) : Instant.MIN;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
