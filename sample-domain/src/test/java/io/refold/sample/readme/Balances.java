package io.refold.sample.readme;

import static java.util.Objects.requireNonNull;

import io.refold.eventstore.Category;
import io.refold.eventstore.EventCodec;
import io.refold.eventstore.Recorded;
import io.refold.projections.Index;
import io.refold.projections.Projection;
import io.refold.projections.Source;
import io.refold.sample.readme.AccountEvent.Deposited;
import io.refold.sample.readme.AccountEvent.Opened;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Balance per account. */
public final class Balances implements Projection<Balance> {
  static final Category<AccountEvent> ACCOUNTS =
      Category.of("account", EventCodec.json(AccountEvent.class));

  @Override
  public String name() {
    return "balances";
  }

  @Override
  public int version() {
    return 1; // count it up when the same events would give other rows
  }

  @Override
  public Class<Balance> rowType() {
    return Balance.class;
  }

  @Override
  public List<Source<Balance>> sources() {
    return List.of(Source.byStream(ACCOUNTS, this::evolve));
  }

  @Override
  public List<Index<Balance>> indexes() {
    return List.of(Index.ofLong("cents", Balance::cents));
  }

  private Balance evolve(
      String account, @Nullable Balance balance, Recorded<AccountEvent> recorded) {
    return switch (recorded.event()) {
      case Opened(var owner) -> new Balance(owner, 0);
      case Deposited(var cents) -> requireNonNull(balance).plus(cents);
    };
  }
}
