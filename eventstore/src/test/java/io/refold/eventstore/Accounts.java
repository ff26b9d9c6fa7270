package io.refold.eventstore;

import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Positive;
import java.util.List;

/** A bank account, the aggregate of this module's tests. */
public final class Accounts {
  public static final Category<Event> ACCOUNTS =
      Category.of("account", EventCodec.json(Event.class));
  public static final Category<Event> SAVINGS =
      Category.of("savings", EventCodec.json(Event.class));

  private Accounts() {}

  public sealed interface Event {}

  public record Opened(String owner) implements Event {}

  public record Deposited(long cents) implements Event {}

  public record Closed() implements Event {}

  public sealed interface Command {}

  public record Open(@NotBlank String owner) implements Command {}

  public record Deposit(@Positive long cents) implements Command {}

  public record Close() implements Command {}

  public record Account(boolean open, long cents) {}

  public static class AccountDecider implements Decider<Command, Account, Event> {
    @Override
    public Account initialState() {
      return new Account(false, 0);
    }

    @Override
    public List<Event> decide(Command command, Account account, Context context) {
      return switch (command) {
        case Open(var owner) when !account.open() -> List.of(new Opened(owner));
        case Open repeated -> List.of();
        case Deposit(var cents) when account.open() -> List.of(new Deposited(cents));
        case Deposit refused ->
            throw new CommandRejectedException("account-closed", "account is not open");
        case Close close when account.cents() == 0 -> List.of(new Closed());
        case Close refused ->
            throw new CommandRejectedException("account-not-empty", "account is not empty");
      };
    }

    @Override
    public Account evolve(Account account, Event event) {
      return switch (event) {
        case Opened opened -> new Account(true, 0);
        case Deposited(var cents) -> new Account(account.open(), account.cents() + cents);
        case Closed closed -> new Account(false, 0);
      };
    }
  }
}
