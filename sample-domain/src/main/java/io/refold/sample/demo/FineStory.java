package io.refold.sample.demo;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.Recorded;
import io.refold.sample.fine.Fine;
import io.refold.sample.fine.FineDecider;
import io.refold.sample.fine.FineEvent;
import io.refold.sample.fine.FineEvent.AppealFiled;
import io.refold.sample.fine.FineEvent.AppealSent;
import io.refold.sample.fine.FineEvent.AppealedToJudge;
import io.refold.sample.fine.FineEvent.FineCreated;
import io.refold.sample.fine.FineEvent.FineNotified;
import io.refold.sample.fine.FineEvent.FineSent;
import io.refold.sample.fine.FineEvent.PaymentReceived;
import io.refold.sample.fine.FineEvent.PenaltyAdded;
import io.refold.sample.fine.FineEvent.ResultNotified;
import io.refold.sample.fine.FineEvent.ResultReceived;
import io.refold.sample.fine.FineEvent.SentToCollection;
import io.refold.sample.views.Variants.Variant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** One fine, version by version: each event of its stream, and the state that it led to. */
final class FineStory {
  private static final int MOST_EVENTS = 1_000;

  private FineStory() {}

  /** Picks a path on which much happens: most kinds of activities, then the shortest. */
  static Variant mostEventful(List<Variant> variants) {
    return variants.stream()
        .max(
            Comparator.<Variant>comparingLong(variant -> variant.trace().chars().distinct().count())
                .thenComparingInt(variant -> -variant.trace().length())
                .thenComparingLong(Variant::fines))
        .orElseThrow(() -> new IllegalStateException("there are no fines"));
  }

  static void print(Printout out, EventStore store, String id) {
    var rows = new ArrayList<List<String>>();
    Fine fine = Fine.NONE;
    var decider = new FineDecider();
    for (Recorded<FineEvent> recorded :
        store.read(FineDecider.FINES, id, 0, MOST_EVENTS).events()) {
      FineEvent event = recorded.event();
      fine = decider.evolve(fine, event);
      rows.add(
          List.of(
              String.valueOf(recorded.version()),
              event.on().toString(),
              event.getClass().getSimpleName(),
              details(event),
              Printout.euros(fine.amountCents() + fine.expenseCents()),
              Printout.euros(fine.paidCents()),
              Printout.euros(fine.outstandingCents())));
    }
    out.table(
        List.of("version#", "date", "event", "details", "to pay#", "paid#", "outstanding#"), rows);
  }

  private static String details(FineEvent event) {
    return switch (event) {
      case FineCreated created -> "article %d of the road code".formatted(created.article());
      case FineSent sent -> "posting costs " + Printout.euros(sent.cents());
      case FineNotified notified -> "60 days to pay or appeal";
      case PenaltyAdded penalty -> "the amount is now " + Printout.euros(penalty.cents());
      case PaymentReceived payment -> Printout.euros(payment.cents());
      case AppealFiled filed -> "to the prefecture";
      case AppealSent sent -> sent.dismissal() == null ? "not dismissed" : "dismissed";
      case ResultReceived received -> "from the prefecture";
      case ResultNotified told -> "to the offender";
      case AppealedToJudge judged -> judged.dismissal() == null ? "not dismissed" : "dismissed";
      case SentToCollection collected -> "the fine is closed";
    };
  }
}
