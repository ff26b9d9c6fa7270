package io.refold.sample.fine;

import io.refold.eventstore.Category;
import io.refold.eventstore.CommandRejectedException;
import io.refold.eventstore.Context;
import io.refold.eventstore.Decider;
import io.refold.eventstore.EventCodec;
import io.refold.sample.fine.FineCommand.AddPenalty;
import io.refold.sample.fine.FineCommand.AppealToJudge;
import io.refold.sample.fine.FineCommand.CreateFine;
import io.refold.sample.fine.FineCommand.FileAppeal;
import io.refold.sample.fine.FineCommand.NotifyFine;
import io.refold.sample.fine.FineCommand.NotifyResult;
import io.refold.sample.fine.FineCommand.ReceiveResult;
import io.refold.sample.fine.FineCommand.RecordPayment;
import io.refold.sample.fine.FineCommand.SendAppeal;
import io.refold.sample.fine.FineCommand.SendFine;
import io.refold.sample.fine.FineCommand.SendToCollection;
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
import java.util.List;

/**
 * Decides for one fine. Every command stands for one event; a command whose very event has happened
 * already changes nothing, so any command may be repeated. All others must keep the rules, each of
 * which has the code in brackets.
 *
 * <ul>
 *   <li>A fine is created first [not-created] and once [already-created]; every step but a payment
 *       happens once [already-done]; dates never go back [date-goes-back].
 *   <li>Licence points exist since 30 June 2003 [no-points-yet].
 *   <li>A fine that was dismissed in the office can only be sent, unless its code is one of those
 *       after which fines have been pursued [dismissed-at-creation].
 *   <li>Nothing is sent after a notification or a decision [too-late-to-send]. A notification needs
 *       a sent fine [not-sent] and comes before any decision [too-late-to-notify].
 *   <li>The penalty needs a notification [not-notified] and falls exactly 60 days after it
 *       [not-the-60th-day]; from then on it comes before anything else [penalty-due]. It raises the
 *       amount [penalty-too-low].
 *   <li>Two payments of one day differ in amount [payment-repeated]. The reported total covers all
 *       known payments, is the same within a day and grows by at least the payment from one day to
 *       the next [total-too-low], [total-differs].
 *   <li>An appeal comes after the day of creation [appeal-too-early]; to the prefecture, before its
 *       result is told [result-told]. It is sent on for a fine that was sent or appealed against
 *       [nothing-to-appeal]; only the prefecture's code or the office's own can dismiss it
 *       [foreign-dismissal]. A judge is not asked about a fine that the office had dismissed
 *       [dismissed-at-creation], and does not dismiss what the prefecture has [already-dismissed].
 *   <li>A decision needs a sent fine that was notified or appealed against [nothing-to-decide], and
 *       falls after the days of the appeal [decision-too-early]. Only the notified are told
 *       [not-notified].
 *   <li>Collection needs a penalty [no-penalty] at least 180 days old [collection-too-early], no
 *       appeal without a told result [appeal-pending], no dismissal [dismissed], and something
 *       outstanding [nothing-outstanding], unless the prefecture may have set another sum or the
 *       fine was for nothing. Afterwards the fine is closed [closed]; only the papers of an appeal
 *       with a told result may still be sent.
 * </ul>
 */
public final class FineDecider implements Decider<FineCommand, Fine, FineEvent> {
  /** The streams of fines. */
  public static final Category<FineEvent> FINES =
      Category.of("fine", EventCodec.json(FineEvent.class));

  /** Makes a decider; one can serve all fines. */
  public FineDecider() {}

  @Override
  public Fine initialState() {
    return Fine.NONE;
  }

  /**
   * Decides one command.
   *
   * @throws CommandRejectedException if it breaks a rule; the code names which
   */
  @Override
  public List<FineEvent> decide(FineCommand command, Fine fine, Context context) {
    FineEvent event = eventOf(command);
    if (fine.includes(event)) {
      return List.of();
    }
    FineRules.check(fine, event);
    return List.of(event);
  }

  @Override
  public Fine evolve(Fine fine, FineEvent event) {
    return fine.with(event);
  }

  /** Returns the event that a command asks for. */
  public static FineEvent eventOf(FineCommand command) {
    return switch (command) {
      case CreateFine(var on, var cents, var vehicle, var article, var points, var by, var code) ->
          new FineCreated(on, cents, vehicle, article, points, by, code);
      case SendFine(var on, var cents) -> new FineSent(on, cents);
      case NotifyFine(var on, var type, var lastSent) -> new FineNotified(on, type, lastSent);
      case AddPenalty(var on, var cents) -> new PenaltyAdded(on, cents);
      case RecordPayment(var on, var cents, var total) -> new PaymentReceived(on, cents, total);
      case FileAppeal(var on) -> new AppealFiled(on);
      case SendAppeal(var on, var dismissal) -> new AppealSent(on, dismissal);
      case ReceiveResult(var on) -> new ResultReceived(on);
      case NotifyResult(var on) -> new ResultNotified(on);
      case AppealToJudge(var on, var dismissal) -> new AppealedToJudge(on, dismissal);
      case SendToCollection(var on) -> new SentToCollection(on);
    };
  }
}
