package io.refold.sample.fine;

import io.refold.eventstore.CommandRejectedException;
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
import java.time.LocalDate;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The rules that {@link FineDecider} lists: may this event happen to this fine? */
final class FineRules {
  /** Days from the notification in which a fine can be paid at its first amount. */
  private static final int DAYS_TO_PAY = 60;

  /** Days that a penalty must be old before collection; the shortest in real life is 209. */
  private static final int DAYS_TO_COLLECTION = 180;

  private static final LocalDate FIRST_POINTS = LocalDate.of(2003, 6, 30);

  /** Codes of the office after which real fines were pursued all the same. */
  private static final Set<String> PURSUED = Set.of("@", "4", "D", "C", "$", "Z");

  private FineRules() {}

  static void check(Fine fine, FineEvent event) {
    FineCreated created = fine.created();
    if (created == null) {
      if (!(event instanceof FineCreated first)) {
        throw refuse("not-created", "the fine does not exist: create it first");
      }
      checkCreation(first);
      return;
    }
    if (event instanceof FineCreated) {
      throw refuse("already-created", "the fine was created with other data, on " + created.on());
    }
    checkAnyStep(fine, created, event);
    switch (event) {
      case FineCreated first -> {}
      case FineSent sent -> checkSending(fine);
      case FineNotified notified -> checkNotification(fine);
      case PenaltyAdded penalty -> checkPenalty(fine, created, penalty);
      case PaymentReceived payment -> checkPayment(fine, payment);
      case AppealFiled filed -> checkFiling(fine, created, filed);
      case AppealSent sent -> checkSendingAppeal(fine, created, sent);
      case ResultReceived received -> checkDecision(fine, received);
      case ResultNotified told -> notified(fine);
      case AppealedToJudge judged -> checkJudge(fine, created, judged);
      case SentToCollection collected -> checkCollection(fine, created, collected);
    }
  }

  private static void checkCreation(FineCreated created) {
    if (created.points() > 0 && created.on().isBefore(FIRST_POINTS)) {
      throw refuse(
          "no-points-yet",
          "%d licence points on %s, but points exist only since %s"
              .formatted(created.points(), created.on(), FIRST_POINTS));
    }
  }

  private static void checkAnyStep(Fine fine, FineCreated created, FineEvent event) {
    Activity activity = event.activity();
    if (activity != Activity.PAY && fine.has(activity)) {
      throw refuse(
          "already-done", "'%s' has happened, and happens once".formatted(activity.title()));
    }
    LocalDate last = fine.lastDate().orElse(created.on());
    if (event.on().isBefore(last)) {
      throw refuse(
          "date-goes-back", "%s is before the fine's latest step, %s".formatted(event.on(), last));
    }
    boolean lateAppealPapers = event instanceof AppealSent && fine.appeal().told() != null;
    if (fine.collected() != null && !lateAppealPapers) {
      throw refuse(
          "closed", "the fine went to credit collection on %s".formatted(fine.collected().on()));
    }
    String dismissal = created.dismissal();
    if (dismissal != null && !PURSUED.contains(dismissal) && !(event instanceof FineSent)) {
      throw refuse(
          "dismissed-at-creation", "the office dismissed the fine (%s)".formatted(dismissal));
    }
    if (fine.notified() != null && fine.penalty() == null && !(event instanceof PenaltyAdded)) {
      LocalDate due = fine.notified().on().plusDays(DAYS_TO_PAY);
      if (!event.on().isBefore(due)) {
        throw refuse(
            "penalty-due", "the penalty is due on %s, before anything else".formatted(due));
      }
    }
  }

  private static void checkSending(Fine fine) {
    if (fine.notified() != null || fine.appeal().received() != null) {
      throw refuse("too-late-to-send", "the fine is notified or decided already");
    }
  }

  private static void checkNotification(Fine fine) {
    if (fine.sent() == null) {
      throw refuse("not-sent", "the fine has not been sent, so nobody can have received it");
    }
    if (fine.appeal().received() != null || fine.judged() != null) {
      throw refuse("too-late-to-notify", "the prefecture or a judge has the fine already");
    }
  }

  private static FineNotified notified(Fine fine) {
    FineNotified notified = fine.notified();
    if (notified == null) {
      throw refuse("not-notified", "the offender has not been notified of the fine");
    }
    return notified;
  }

  private static void checkPenalty(Fine fine, FineCreated created, PenaltyAdded penalty) {
    LocalDate due = notified(fine).on().plusDays(DAYS_TO_PAY);
    if (!penalty.on().equals(due)) {
      throw refuse(
          "not-the-60th-day",
          "the penalty falls on %s, 60 days after the notification".formatted(due));
    }
    if (penalty.cents() <= created.cents() && penalty.cents() + created.cents() > 0) {
      throw refuse(
          "penalty-too-low",
          "%d cents do not raise the amount of %d cents"
              .formatted(penalty.cents(), created.cents()));
    }
  }

  private static void checkPayment(Fine fine, PaymentReceived payment) {
    for (PaymentReceived earlier : fine.payments()) {
      if (earlier.on().equals(payment.on()) && earlier.cents() == payment.cents()) {
        throw refuse(
            "payment-repeated",
            "a payment of %d cents on %s is known, with a total of %d cents"
                .formatted(payment.cents(), payment.on(), earlier.totalCents()));
      }
    }
    long paid = fine.paidCents() + payment.cents();
    if (payment.totalCents() < paid) {
      throw refuse(
          "total-too-low",
          "%d cents in total, but payments of %d cents are known"
              .formatted(payment.totalCents(), paid));
    }
    if (!fine.payments().isEmpty()) {
      PaymentReceived latest = fine.payments().getLast();
      boolean fits =
          latest.on().equals(payment.on())
              ? payment.totalCents() == latest.totalCents()
              : payment.totalCents() >= latest.totalCents() + payment.cents();
      if (!fits) {
        throw refuse(
            "total-differs",
            "%d cents in total do not fit the %d cents reported on %s"
                .formatted(payment.totalCents(), latest.totalCents(), latest.on()));
      }
    }
  }

  private static void checkFiling(Fine fine, FineCreated created, AppealFiled filed) {
    afterCreation(created, filed);
    if (fine.appeal().told() != null) {
      throw refuse("result-told", "the offender knows the prefecture's decision already");
    }
  }

  private static void afterCreation(FineCreated created, FineEvent appeal) {
    if (!appeal.on().isAfter(created.on())) {
      throw refuse(
          "appeal-too-early",
          "an appeal comes after %s, when the fine was created".formatted(created.on()));
    }
  }

  private static void checkSendingAppeal(Fine fine, FineCreated created, AppealSent sent) {
    if (fine.sent() == null && fine.appeal().filed() == null) {
      throw refuse("nothing-to-appeal", "the fine was neither sent nor appealed against");
    }
    String dismissal = sent.dismissal();
    boolean known =
        created.dismissal() == null
            ? dismissal == null || dismissal.equals("#")
            : created.dismissal().equals(dismissal);
    if (!known) {
      throw refuse(
          "foreign-dismissal",
          "code %s is neither the prefecture's nor the office's".formatted(dismissal));
    }
  }

  private static void checkDecision(Fine fine, ResultReceived received) {
    boolean open = fine.notified() != null || fine.appeal().filed() != null;
    if (fine.sent() == null || !open) {
      throw refuse("nothing-to-decide", "a sent fine, notified or appealed against, is needed");
    }
    if (notAfter(received, fine.appeal().filed()) || notAfter(received, fine.appeal().sent())) {
      throw refuse("decision-too-early", "the prefecture decides after the day of the appeal");
    }
  }

  private static boolean notAfter(FineEvent event, @Nullable FineEvent earlier) {
    return earlier != null && !event.on().isAfter(earlier.on());
  }

  private static void checkJudge(Fine fine, FineCreated created, AppealedToJudge judged) {
    afterCreation(created, judged);
    if (created.dismissal() != null) {
      throw refuse(
          "dismissed-at-creation",
          "the office dismissed the fine (%s)".formatted(created.dismissal()));
    }
    if (judged.dismissal() != null && fine.dismissedByPrefecture()) {
      throw refuse("already-dismissed", "the prefecture has dismissed the fine");
    }
  }

  private static void checkCollection(Fine fine, FineCreated created, SentToCollection collected) {
    PenaltyAdded penalty = fine.penalty();
    if (penalty == null) {
      throw refuse("no-penalty", "only a fine with a penalty goes to collection");
    }
    LocalDate earliest = penalty.on().plusDays(DAYS_TO_COLLECTION);
    if (collected.on().isBefore(earliest)) {
      throw refuse("collection-too-early", "180 days after the penalty is %s".formatted(earliest));
    }
    if (fine.appeal().pending()) {
      throw refuse("appeal-pending", "the offender has not been told the result of an appeal");
    }
    if (fine.dismissedByPrefecture() || fine.dismissedByJudge()) {
      throw refuse("dismissed", "the fine was dismissed on appeal");
    }
    boolean otherSum = fine.appeal().told() != null || created.cents() == 0;
    if (fine.outstandingCents() <= 0 && !otherSum) {
      throw refuse("nothing-outstanding", "everything is paid");
    }
  }

  private static CommandRejectedException refuse(String code, String reason) {
    return new CommandRejectedException(code, reason);
  }
}
