package io.refold.sample.fine;

import io.refold.sample.fine.FineEvent.FineCreated;
import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/** What the tests of fines start with. */
final class Fines {
  private Fines() {}

  /** The n-th day after the fine's creation. */
  static LocalDate day(int n) {
    return LocalDate.of(2006, 7, 24).plusDays(n);
  }

  static FineCreated created(@Nullable String dismissal) {
    return new FineCreated(day(0), 35_00, VehicleClass.A, 157, 0, "561", dismissal);
  }
}
