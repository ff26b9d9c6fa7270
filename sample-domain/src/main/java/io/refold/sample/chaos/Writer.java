package io.refold.sample.chaos;

import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.CommandConflictException;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.CommandOptions;
import io.refold.eventstore.CommandOutcomeUnknownException;
import io.refold.eventstore.Durability;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Handled;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StreamId;
import io.refold.projections.EventParkedException;
import io.refold.projections.HistoryLostException;
import io.refold.projections.NotAppliedException;
import io.refold.projections.ReadModel;
import io.refold.projections.ReadModelMissingException;
import io.refold.sample.chaos.Balances.Balance;
import io.refold.sample.chaos.Ledger.Book;
import io.refold.sample.chaos.Ledger.Booked;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Does one command after the other, each until it is acknowledged, and notes down what it is
 * answered. Now and then it reads what it has written. Runs on a thread of its own.
 */
final class Writer implements Runnable {
  private static final Duration PAUSE = Duration.ofMillis(10);
  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final int READS_ONE_IN = 8;

  private final EventStore store;
  private final CommandHandler<Book, Long, Booked> accounts;
  private final ReadModel<Balance> rows;
  private final Journal journal;
  private final Durability durability;
  private final long seed;
  private final Gate gate;

  Writer(
      EventStore store,
      CommandHandler<Book, Long, Booked> accounts,
      ReadModel<Balance> rows,
      Journal journal,
      Durability durability,
      long seed,
      Gate gate) {
    this.store = store;
    this.accounts = accounts;
    this.rows = rows;
    this.journal = journal;
    this.durability = durability;
    this.seed = seed;
    this.gate = gate;
  }

  @Override
  public void run() {
    while (gate.pass()) {
      Order order = journal.next(seed);
      perform(order);
      gate.pause(PAUSE);
    }
  }

  private void perform(Order order) {
    while (true) {
      try {
        if (order.handled()) {
          handle(order);
          return;
        }
        if (append(order)) {
          return;
        }
      } catch (CommandOutcomeUnknownException lost) {
        journal.unknown(order, String.valueOf(lost.getMessage()));
      } catch (StoreUnavailableException | ReplyLostException | CommandConflictException e) {
        // nothing was written: the same again
      } catch (RuntimeException e) {
        journal.broken(order, e.toString());
        return;
      }
      gate.pause(PAUSE);
    }
  }

  private void handle(Order order) {
    String account = order.legs().keySet().iterator().next();
    Handled<Long, Booked> handled =
        accounts.handle(
            account,
            order.book(account),
            CommandOptions.defaults().withCommandId(order.id()).withDurability(durability));
    if (!handled.durability().reached()) {
      journal.weak(order);
      return;
    }
    // after a disruption the handler tells the newest version it knows, which may be another's
    journal.acknowledged(order, Map.of(account, 0L));
    if (Order.number(order.id()) % READS_ONE_IN == 0) {
      readBack(order, account, handled);
    }
  }

  /** Returns false if the outcome is unknown. */
  private boolean append(Order order) {
    Append append = null;
    for (String account : order.legs().keySet()) {
      List<Booked> events = order.book(account).events();
      append =
          append == null
              ? Append.of(Ledger.ACCOUNTS, account, ExpectedVersion.any(), events)
              : append.and(Ledger.ACCOUNTS, account, ExpectedVersion.any(), events);
    }
    if (append == null) {
      throw new IllegalStateException(order + " has no accounts");
    }
    return switch (store.append(append.withCommandId(order.id()).withDurability(durability))) {
      case AppendResult.Appended appended -> {
        var versions = new LinkedHashMap<String, Long>();
        for (Map.Entry<StreamId, Long> written : appended.versions().entrySet()) {
          versions.put(written.getKey().id(), written.getValue());
        }
        if (appended.durability().reached()) {
          journal.acknowledged(order, versions);
        } else {
          journal.weak(order);
        }
        yield true;
      }
      case AppendResult.Unknown unknown -> {
        journal.unknown(order, unknown.cause().toString());
        yield false;
      }
      case AppendResult.Conflict conflict ->
          throw new IllegalStateException("a conflict though any version was expected");
      case AppendResult.Refused refused ->
          throw new IllegalStateException("refused: " + refused.reason());
    };
  }

  private void readBack(Order order, String account, Handled<Long, Booked> handled) {
    try {
      Optional<Balance> row = rows.find(account, handled.position(), PATIENCE);
      if (row.isEmpty() || row.get().version() < handled.version()) {
        journal.stale(
            order, "%s is at version %d, its row is %s".formatted(account, handled.version(), row));
      }
    } catch (HistoryLostException e) {
      journal.stale(order, String.valueOf(e.getMessage()));
    } catch (NotAppliedException
        | EventParkedException
        | ReadModelMissingException
        | StoreUnavailableException
        | ReplyLostException e) {
      // no answer is not a wrong one
    }
  }
}
