package io.refold.sample.views;

import io.refold.sample.fine.Activity;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is on file about one fine. Money is in euro cents.
 *
 * @param amountCents the amount it was written for
 * @param expenseCents what posting it added
 * @param penaltyCents the raised amount, in place of the first one; null before the penalty
 * @param paidCents the sum of all payments
 * @param dismissed whether somebody has dismissed it
 * @param trace its activities in order, each as its {@link Activity#letter() letter}
 */
public record FineFile(
    long amountCents,
    long expenseCents,
    @Nullable Long penaltyCents,
    long paidCents,
    boolean dismissed,
    String trace) {
  /** Returns amount or penalty, with expenses, less payments; negative if too much was paid. */
  public long outstandingCents() {
    long amount = penaltyCents == null ? amountCents : penaltyCents;
    return amount + expenseCents - paidCents;
  }

  /** Returns its activities, in order. */
  public List<Activity> activities() {
    return Activity.ofTrace(trace);
  }

  /** Returns where it stands; the first of these that applies, from the end of the process. */
  public FineStatus status() {
    if (has(Activity.COLLECT)) {
      return FineStatus.COLLECTED;
    }
    if (dismissed) {
      return FineStatus.DISMISSED;
    }
    if (has(Activity.PAY) && outstandingCents() <= 0) {
      return FineStatus.SETTLED;
    }
    boolean appealed =
        has(Activity.FILE_APPEAL) || has(Activity.SEND_APPEAL) || has(Activity.RECEIVE_RESULT);
    if (appealed && !has(Activity.NOTIFY_RESULT)) {
      return FineStatus.UNDER_APPEAL;
    }
    if (penaltyCents != null) {
      return FineStatus.PENALISED;
    }
    if (has(Activity.NOTIFY)) {
      return FineStatus.NOTIFIED;
    }
    return has(Activity.SEND) ? FineStatus.SENT : FineStatus.CREATED;
  }

  private boolean has(Activity activity) {
    return trace.indexOf(activity.letter()) >= 0;
  }

  FineFile after(Activity activity) {
    return new FineFile(
        amountCents, expenseCents, penaltyCents, paidCents, dismissed, trace + activity.letter());
  }

  FineFile withExpense(long cents) {
    return new FineFile(amountCents, cents, penaltyCents, paidCents, dismissed, trace);
  }

  FineFile withPenalty(long cents) {
    return new FineFile(amountCents, expenseCents, cents, paidCents, dismissed, trace);
  }

  FineFile withPayment(long cents) {
    return new FineFile(
        amountCents, expenseCents, penaltyCents, paidCents + cents, dismissed, trace);
  }

  FineFile withDismissal(@Nullable String code) {
    return new FineFile(
        amountCents, expenseCents, penaltyCents, paidCents, dismissed || code != null, trace);
  }
}
