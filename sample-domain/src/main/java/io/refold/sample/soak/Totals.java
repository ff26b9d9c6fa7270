package io.refold.sample.soak;

import static io.refold.sample.bench.Ledger.LEDGERS;

import io.refold.eventstore.Recorded;
import io.refold.projections.Projection;
import io.refold.projections.Source;
import io.refold.sample.bench.Ledger.Balance;
import io.refold.sample.bench.Ledger.Entry;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A row per last digit of a ledger's id, so each is shared by all partitions. */
final class Totals implements Projection<Balance> {
  @Override
  public String name() {
    return "totals";
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
    return List.of(Source.keyed(LEDGERS, Totals::keys, Totals::evolve));
  }

  private static List<String> keys(Recorded<Entry> recorded) {
    return List.of(recorded.id().substring(recorded.id().length() - 1));
  }

  private static Balance evolve(String key, @Nullable Balance row, Recorded<Entry> recorded) {
    long cents = recorded.event().cents();
    return row == null
        ? new Balance(cents, 1)
        : new Balance(row.cents() + cents, row.entries() + 1);
  }
}
