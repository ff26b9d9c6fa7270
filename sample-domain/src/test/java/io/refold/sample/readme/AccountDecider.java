package io.refold.sample.readme;

import io.refold.eventstore.CommandRejectedException;
import io.refold.eventstore.Context;
import io.refold.eventstore.Decider;
import io.refold.sample.readme.AccountCommand.Deposit;
import io.refold.sample.readme.AccountCommand.Open;
import io.refold.sample.readme.AccountEvent.Deposited;
import io.refold.sample.readme.AccountEvent.Opened;
import java.util.List;

/** Decides for one bank account. Pure: no clock, no I/O. */
public final class AccountDecider implements Decider<AccountCommand, Account, AccountEvent> {
  @Override
  public Account initialState() {
    return Account.NONE;
  }

  @Override
  public List<AccountEvent> decide(AccountCommand command, Account account, Context context) {
    return switch (command) {
      case Open(var owner) when !account.open() -> List.of(new Opened(owner));
      case Open repeated -> List.of();
      case Deposit(var cents) when account.open() -> List.of(new Deposited(cents));
      case Deposit refused ->
          throw new CommandRejectedException("account-closed", "account is not open");
    };
  }

  @Override
  public Account evolve(Account account, AccountEvent event) {
    return switch (event) {
      case Opened opened -> new Account(true, 0);
      case Deposited(var cents) -> new Account(true, account.cents() + cents);
    };
  }
}
