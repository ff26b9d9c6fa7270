package io.refold.sample.fine;

import java.time.LocalDate;
import org.jspecify.annotations.Nullable;

/** What happened to a fine. Money is in euro cents; component names are those of the JSON. */
public sealed interface FineEvent {
  /** Returns the day on which it happened. */
  LocalDate on();

  /** Returns the step of the process that it records. */
  default Activity activity() {
    return switch (this) {
      case FineCreated created -> Activity.CREATE;
      case FineSent sent -> Activity.SEND;
      case FineNotified notified -> Activity.NOTIFY;
      case PenaltyAdded penalty -> Activity.ADD_PENALTY;
      case PaymentReceived payment -> Activity.PAY;
      case AppealFiled filed -> Activity.FILE_APPEAL;
      case AppealSent sent -> Activity.SEND_APPEAL;
      case ResultReceived received -> Activity.RECEIVE_RESULT;
      case ResultNotified notified -> Activity.NOTIFY_RESULT;
      case AppealedToJudge appealed -> Activity.APPEAL_TO_JUDGE;
      case SentToCollection collected -> Activity.COLLECT;
    };
  }

  /**
   * The fine was written.
   *
   * @param on the day
   * @param cents the amount
   * @param vehicle the vehicle's class
   * @param article the article of the road code
   * @param points licence points
   * @param officer who wrote it
   * @param dismissal the office's code, null if the fine stands
   */
  record FineCreated(
      LocalDate on,
      long cents,
      VehicleClass vehicle,
      int article,
      int points,
      String officer,
      @Nullable String dismissal)
      implements FineEvent {}

  /**
   * The fine was posted.
   *
   * @param on the day
   * @param cents the expenses that this added
   */
  record FineSent(LocalDate on, long cents) implements FineEvent {}

  /**
   * The offender received the fine.
   *
   * @param on the day
   * @param type how
   * @param lastSent the code of the last attempt, if known
   */
  record FineNotified(LocalDate on, String type, @Nullable String lastSent) implements FineEvent {}

  /**
   * The amount was raised.
   *
   * @param on the day
   * @param cents the new amount, in place of the first one
   */
  record PenaltyAdded(LocalDate on, long cents) implements FineEvent {}

  /**
   * Money came in.
   *
   * @param on the day
   * @param cents how much
   * @param totalCents what the cash desk said was paid in total
   */
  record PaymentReceived(LocalDate on, long cents, long totalCents) implements FineEvent {}

  /**
   * The offender appealed to the prefecture.
   *
   * @param on the day
   */
  record AppealFiled(LocalDate on) implements FineEvent {}

  /**
   * The appeal was sent to the prefecture.
   *
   * @param on the day
   * @param dismissal {@code #} if the prefecture dismissed the fine, or the office's code
   */
  record AppealSent(LocalDate on, @Nullable String dismissal) implements FineEvent {}

  /**
   * The prefecture decided.
   *
   * @param on the day
   */
  record ResultReceived(LocalDate on) implements FineEvent {}

  /**
   * The offender was told the prefecture's decision.
   *
   * @param on the day
   */
  record ResultNotified(LocalDate on) implements FineEvent {}

  /**
   * The offender appealed to a judge.
   *
   * @param on the day
   * @param dismissal {@code G} if the judge dismissed the fine
   */
  record AppealedToJudge(LocalDate on, @Nullable String dismissal) implements FineEvent {}

  /**
   * The rest went to a collection agency.
   *
   * @param on the day
   */
  record SentToCollection(LocalDate on) implements FineEvent {}
}
