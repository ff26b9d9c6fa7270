package io.refold.sample.bench;

import io.refold.eventstore.Category;
import io.refold.eventstore.Context;
import io.refold.eventstore.Decider;
import io.refold.eventstore.EventCodec;
import jakarta.validation.constraints.Positive;
import java.util.List;

/** A small aggregate with a payload of about 200 bytes per event. */
public final class Ledger {
  public static final Category<Entry> LEDGERS = Category.of("ledger", EventCodec.json(Entry.class));

  private static final String TEXT = "x".repeat(170);

  private Ledger() {}

  /** One booking; with its text it is 200 bytes of JSON. */
  public record Entry(long cents, String text) {
    public static Entry of(long cents) {
      return new Entry(cents, TEXT);
    }
  }

  public record Book(@Positive long cents) {}

  public record Balance(long cents, long entries) {}

  public static final class LedgerDecider implements Decider<Book, Balance, Entry> {
    @Override
    public Balance initialState() {
      return new Balance(0, 0);
    }

    @Override
    public List<Entry> decide(Book command, Balance state, Context context) {
      return List.of(Entry.of(command.cents()));
    }

    @Override
    public Balance evolve(Balance state, Entry event) {
      return new Balance(state.cents() + event.cents(), state.entries() + 1);
    }
  }
}
