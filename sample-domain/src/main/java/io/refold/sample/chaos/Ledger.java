package io.refold.sample.chaos;

import io.refold.eventstore.Category;
import io.refold.eventstore.Context;
import io.refold.eventstore.Decider;
import io.refold.eventstore.EventCodec;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Positive;
import java.util.ArrayList;
import java.util.List;

/**
 * Accounts that are booked on, and their echoes: aggregates that a reaction sends a command to for
 * each booking. Every event names in its payload what has caused it, so that an auditor needs
 * nothing that the toolkit writes beside it.
 */
final class Ledger {
  static final Category<Booked> ACCOUNTS = Category.of("account", EventCodec.json(Booked.class));
  static final Category<Echoed> ECHOES = Category.of("echo", EventCodec.json(Echoed.class));

  private Ledger() {}

  /**
   * A booking.
   *
   * @param command the id of its command
   * @param part its number among the command's events in this account, from 0
   * @param cents the amount
   */
  record Booked(String command, int part, long cents) {}

  /**
   * A booking was heard of.
   *
   * @param cause the booking, as {@code account:<id>/<version>}
   * @param position the id of its log entry
   */
  record Echoed(String cause, String position) {}

  record Book(@NotBlank String command, @Positive int parts, @Positive long cents) {
    List<Booked> events() {
      var events = new ArrayList<Booked>();
      for (int part = 0; part < parts; part++) {
        events.add(new Booked(command, part, cents));
      }
      return events;
    }
  }

  record Echo(@NotBlank String cause, @NotBlank String position) {}

  /** Counts the events of an aggregate, and no more: these aggregates refuse nothing. */
  abstract static class Counting<C, E> implements Decider<C, Long, E> {
    @Override
    public Long initialState() {
      return 0L;
    }

    @Override
    public Long evolve(Long events, E event) {
      return events + 1;
    }
  }

  static final class AccountDecider extends Counting<Book, Booked> {
    @Override
    public List<Booked> decide(Book command, Long events, Context context) {
      return command.events();
    }
  }

  static final class EchoDecider extends Counting<Echo, Echoed> {
    @Override
    public List<Echoed> decide(Echo command, Long events, Context context) {
      return List.of(new Echoed(command.cause(), command.position()));
    }
  }
}
