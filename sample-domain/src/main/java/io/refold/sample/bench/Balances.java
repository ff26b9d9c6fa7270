package io.refold.sample.bench;

import static io.refold.sample.bench.Ledger.LEDGERS;

import io.refold.eventstore.Recorded;
import io.refold.projections.Projection;
import io.refold.projections.Source;
import io.refold.sample.bench.Ledger.Balance;
import io.refold.sample.bench.Ledger.Entry;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A row per ledger. */
public final class Balances implements Projection<Balance> {
  private final String name;

  /**
   * Makes a projection.
   *
   * @param name its name
   */
  public Balances(String name) {
    this.name = name;
  }

  @Override
  public String name() {
    return name;
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
    return List.of(Source.byStream(LEDGERS, Balances::evolve));
  }

  private static Balance evolve(String id, @Nullable Balance row, Recorded<Entry> recorded) {
    long cents = recorded.event().cents();
    return row == null
        ? new Balance(cents, 1)
        : new Balance(row.cents() + cents, row.entries() + 1);
  }
}
