package io.refold.sample.chaos;

import io.refold.eventstore.Recorded;
import io.refold.projections.Projection;
import io.refold.projections.Source;
import io.refold.sample.chaos.Ledger.Booked;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Rows that the accounts of all partitions share: one for all, one per writer. */
final class Totals implements Projection<Totals.Total> {
  static final String NAME = "totals";

  /** How many bookings there are, and their sum. */
  record Total(long events, long cents) {
    static final Total NONE = new Total(0, 0);

    Total and(Booked booked) {
      return new Total(events + 1, cents + booked.cents());
    }
  }

  private final Consumer<Recorded<Booked>> taster;

  /**
   * Makes it.
   *
   * @param taster is given each booking before it is applied, and may refuse it
   */
  Totals(Consumer<Recorded<Booked>> taster) {
    this.taster = taster;
  }

  /** Returns the keys of the rows that a booking changes. */
  static List<String> keys(Booked booked) {
    return List.of("all", Order.writer(booked.command()));
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int version() {
    return 1;
  }

  @Override
  public Class<Total> rowType() {
    return Total.class;
  }

  @Override
  public List<Source<Total>> sources() {
    return List.of(Source.keyed(Ledger.ACCOUNTS, recorded -> keys(recorded.event()), this::evolve));
  }

  private Total evolve(String key, @Nullable Total row, Recorded<Booked> recorded) {
    taster.accept(recorded);
    return (row == null ? Total.NONE : row).and(recorded.event());
  }
}
