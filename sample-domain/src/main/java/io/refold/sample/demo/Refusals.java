package io.refold.sample.demo;

import io.refold.eventstore.Category;
import io.refold.eventstore.CommandHandler;
import io.refold.eventstore.CommandInvalidException;
import io.refold.eventstore.CommandRejectedException;
import io.refold.eventstore.Context;
import io.refold.eventstore.Decider;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.Handled;
import io.refold.sample.fine.Fine;
import io.refold.sample.fine.FineCommand;
import io.refold.sample.fine.FineCommand.CreateFine;
import io.refold.sample.fine.FineCommand.RecordPayment;
import io.refold.sample.fine.FineDecider;
import io.refold.sample.fine.FineEvent;
import io.refold.sample.fine.VehicleClass;
import java.time.LocalDate;
import java.util.List;

/** Commands that do not go through at once: two that are refused, and two that collide. */
final class Refusals {
  private static final LocalDate DAY = LocalDate.of(2006, 7, 24);
  private static final String ID = "A1";

  /** Other streams than those of the read models, whose figures are to stay as they are. */
  private static final Category<FineEvent> REHEARSALS =
      Category.of("rehearsal", FineDecider.FINES.codec());

  private final Printout out;
  private final EventStore store;

  Refusals(Printout out, EventStore store) {
    this.out = out;
    this.store = store;
  }

  /** Sends a command that the domain refuses, to a fine that is closed if there is one. */
  void rejected(String id) {
    var fines = CommandHandler.on(store, FineDecider.FINES, new FineDecider()).build();
    Fine fine = fines.load(id).state();
    LocalDate last = fine.lastDate().orElseThrow();
    FineCommand command =
        fine.collected() == null
            ? new CreateFine(last, 1_00, VehicleClass.A, 157, 0, "561", null)
            : new RecordPayment(last.plusDays(30), 50_00, fine.paidCents() + 50_00);
    try {
      Handled<Fine, FineEvent> handled = fines.handle(id, command);
      throw new IllegalStateException("the domain accepted %s: %s".formatted(command, handled));
    } catch (CommandRejectedException e) {
      out.line("%s for fine %s".formatted(command, id));
      out.line("  -> refused by the domain [%s]: %s".formatted(e.code(), e.getMessage()));
    }
  }

  /** Sends a command with two fields that no fine would accept. */
  void invalid() {
    var fines = CommandHandler.on(store, FineDecider.FINES, new FineDecider()).build();
    var command = new RecordPayment(DAY, -50_00, -1);
    try {
      Handled<Fine, FineEvent> handled = fines.handle(ID, command);
      throw new IllegalStateException("validation accepted %s: %s".formatted(command, handled));
    } catch (CommandInvalidException e) {
      out.line("%s for fine %s".formatted(command, ID));
      out.line("  -> refused before anything is read: %s".formatted(e.getMessage()));
    }
  }

  /** Lets a second writer append exactly between the first one's decision and its append. */
  void conflict() {
    var second = CommandHandler.on(store, REHEARSALS, new FineDecider()).build();
    second.handle(ID, new CreateFine(DAY, 35_00, VehicleClass.A, 157, 0, "561", null));
    var slow =
        new SlowDecider(() -> {
          var handled = second.handle(ID, new RecordPayment(DAY.plusDays(3), 10_00, 10_00));
          out.line(
              "writer B records 10.00 meanwhile and gets version %d".formatted(handled.version()));
        });
    var first = CommandHandler.on(store, REHEARSALS, slow).build();
    var handled = first.handle(ID, new RecordPayment(DAY.plusDays(4), 25_00, 35_00));
    out.line(
        "writer A's append at version 2 is refused by Redis; A decides again and gets version %d"
            .formatted(handled.version()));
    out.line(
        "both payments are there, once each: %s of %s paid, after %d decisions of A"
            .formatted(
                Printout.euros(handled.state().paidCents()),
                Printout.euros(handled.state().amountCents()),
                slow.decisions));
    if (handled.version() != 3 || slow.decisions != 2) {
      throw new IllegalStateException("the conflict was not resolved as expected: " + handled);
    }
  }

  /** Decides as ever, but something else happens the first time it has. */
  private final class SlowDecider implements Decider<FineCommand, Fine, FineEvent> {
    private final FineDecider decider = new FineDecider();
    private final Runnable meanwhile;
    private int decisions;

    SlowDecider(Runnable meanwhile) {
      this.meanwhile = meanwhile;
    }

    @Override
    public Fine initialState() {
      return decider.initialState();
    }

    @Override
    public List<FineEvent> decide(FineCommand command, Fine fine, Context context) {
      List<FineEvent> events = decider.decide(command, fine, context);
      if (++decisions == 1) {
        out.line(
            "writer A has read version %d and records a payment of 25.00"
                .formatted(context.version()));
        meanwhile.run();
      }
      return events;
    }

    @Override
    public Fine evolve(Fine fine, FineEvent event) {
      return decider.evolve(fine, event);
    }
  }
}
