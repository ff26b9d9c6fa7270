package io.refold.sample.fine;

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
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A fine as its history left it: each step that happened, null for those that did not. Immutable.
 *
 * @param created the creation; null only before it
 * @param sent the posting
 * @param notified the delivery
 * @param penalty the raise
 * @param payments all payments, in order
 * @param appeal the appeal to the prefecture
 * @param judged the appeal to a judge
 * @param collected the end: handed to a collection agency
 */
public record Fine(
    @Nullable FineCreated created,
    @Nullable FineSent sent,
    @Nullable FineNotified notified,
    @Nullable PenaltyAdded penalty,
    List<PaymentReceived> payments,
    Appeal appeal,
    @Nullable AppealedToJudge judged,
    @Nullable SentToCollection collected) {
  /** The fine before its first event. */
  public static final Fine NONE =
      new Fine(null, null, null, null, List.of(), Appeal.NONE, null, null);

  /** Copies the payments. */
  public Fine {
    payments = List.copyOf(payments);
  }

  /**
   * The steps of an appeal to the prefecture.
   *
   * @param filed by the offender
   * @param sent by the police, to the prefecture
   * @param received the decision, from the prefecture
   * @param told the decision, to the offender
   */
  public record Appeal(
      @Nullable AppealFiled filed,
      @Nullable AppealSent sent,
      @Nullable ResultReceived received,
      @Nullable ResultNotified told) {
    static final Appeal NONE = new Appeal(null, null, null, null);

    /** Tells whether there is an appeal of which the offender does not know the result. */
    public boolean pending() {
      return told == null && (filed != null || sent != null || received != null);
    }

    Appeal with(AppealFiled step) {
      return new Appeal(step, sent, received, told);
    }

    Appeal with(AppealSent step) {
      return new Appeal(filed, step, received, told);
    }

    Appeal with(ResultReceived step) {
      return new Appeal(filed, sent, step, told);
    }

    Appeal with(ResultNotified step) {
      return new Appeal(filed, sent, received, step);
    }
  }

  /** Returns the amount that counts now, without expenses: the raised one if there is one. */
  public long amountCents() {
    return penalty != null ? penalty.cents() : created != null ? created.cents() : 0;
  }

  /** Returns what posting the fine added. */
  public long expenseCents() {
    return sent == null ? 0 : sent.cents();
  }

  /** Returns the sum of all payments. */
  public long paidCents() {
    return payments.stream().mapToLong(PaymentReceived::cents).sum();
  }

  /** Returns amount and expenses less payments; negative if too much was paid. */
  public long outstandingCents() {
    return amountCents() + expenseCents() - paidCents();
  }

  /** Tells whether the prefecture has dismissed the fine, as far as is known. */
  public boolean dismissedByPrefecture() {
    return appeal.sent != null && Objects.equals(appeal.sent.dismissal(), "#");
  }

  /** Tells whether a judge has dismissed the fine. */
  public boolean dismissedByJudge() {
    return judged != null && judged.dismissal() != null;
  }

  /** Returns the date of the latest step; none before the creation. */
  public Optional<LocalDate> lastDate() {
    return steps().map(FineEvent::on).max(Comparator.naturalOrder());
  }

  /** Tells whether exactly this has happened already. */
  public boolean includes(FineEvent event) {
    return steps().anyMatch(event::equals);
  }

  /** Tells whether an activity has happened, on whatever day. */
  public boolean has(Activity activity) {
    return steps().anyMatch(step -> step.activity() == activity);
  }

  private Stream<FineEvent> steps() {
    return Stream.concat(
        Stream.of(
                Optional.ofNullable(created),
                Optional.ofNullable(sent),
                Optional.ofNullable(notified),
                Optional.ofNullable(penalty),
                Optional.ofNullable(appeal.filed),
                Optional.ofNullable(appeal.sent),
                Optional.ofNullable(appeal.received),
                Optional.ofNullable(appeal.told),
                Optional.ofNullable(judged),
                Optional.ofNullable(collected))
            .flatMap(Optional::stream),
        payments.stream());
  }

  /** Returns the fine after one more event. */
  Fine with(FineEvent event) {
    return switch (event) {
      case FineCreated step ->
          new Fine(step, sent, notified, penalty, payments, appeal, judged, collected);
      case FineSent step ->
          new Fine(created, step, notified, penalty, payments, appeal, judged, collected);
      case FineNotified step ->
          new Fine(created, sent, step, penalty, payments, appeal, judged, collected);
      case PenaltyAdded step ->
          new Fine(created, sent, notified, step, payments, appeal, judged, collected);
      case PaymentReceived step -> {
        var more = Stream.concat(payments.stream(), Stream.of(step)).toList();
        yield new Fine(created, sent, notified, penalty, more, appeal, judged, collected);
      }
      case AppealFiled step -> with(appeal.with(step));
      case AppealSent step -> with(appeal.with(step));
      case ResultReceived step -> with(appeal.with(step));
      case ResultNotified step -> with(appeal.with(step));
      case AppealedToJudge step ->
          new Fine(created, sent, notified, penalty, payments, appeal, step, collected);
      case SentToCollection step ->
          new Fine(created, sent, notified, penalty, payments, appeal, judged, step);
    };
  }

  private Fine with(Appeal step) {
    return new Fine(created, sent, notified, penalty, payments, step, judged, collected);
  }
}
