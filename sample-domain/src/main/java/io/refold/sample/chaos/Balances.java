package io.refold.sample.chaos;

import io.refold.eventstore.Recorded;
import io.refold.projections.Index;
import io.refold.projections.Projection;
import io.refold.projections.Source;
import io.refold.sample.chaos.Ledger.Booked;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A row per account that depends on the order of its events. */
final class Balances implements Projection<Balances.Balance> {
  static final String NAME = "balances";

  /**
   * An account.
   *
   * @param version the version of the last event in it
   * @param cents the sum of all bookings
   * @param digest of all bookings, in their order
   */
  record Balance(long version, long cents, long digest) {
    static final Balance NONE = new Balance(0, 0, 17);

    Balance and(long next, Booked booked) {
      long event = 31L * booked.command().hashCode() + booked.part();
      return new Balance(next, cents + booked.cents(), 1_000_003 * digest + 7 * event + next);
    }
  }

  private final Consumer<Recorded<Booked>> taster;

  /**
   * Makes it.
   *
   * @param taster is given each booking before it is applied, and may refuse it
   */
  Balances(Consumer<Recorded<Booked>> taster) {
    this.taster = taster;
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
  public Class<Balance> rowType() {
    return Balance.class;
  }

  @Override
  public List<Source<Balance>> sources() {
    return List.of(Source.byStream(Ledger.ACCOUNTS, this::evolve));
  }

  @Override
  public List<Index<Balance>> indexes() {
    return List.of(Index.ofLong("cents", Balance::cents));
  }

  private Balance evolve(String id, @Nullable Balance row, Recorded<Booked> recorded) {
    taster.accept(recorded);
    return (row == null ? Balance.NONE : row).and(recorded.version(), recorded.event());
  }
}
