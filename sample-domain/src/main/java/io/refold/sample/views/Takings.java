package io.refold.sample.views;

/**
 * What one month brought.
 *
 * @param fines how many were written
 * @param createdCents their amounts
 * @param payments how many came in
 * @param paidCents their amounts
 */
public record Takings(long fines, long createdCents, long payments, long paidCents) {
  static final Takings NONE = new Takings(0, 0, 0, 0);

  /** Returns the sum of two months. */
  public Takings plus(Takings other) {
    return new Takings(
        fines + other.fines,
        createdCents + other.createdCents,
        payments + other.payments,
        paidCents + other.paidCents);
  }

  Takings plusFine(long cents) {
    return new Takings(fines + 1, createdCents + cents, payments, paidCents);
  }

  Takings plusPayment(long cents) {
    return new Takings(fines, createdCents, payments + 1, paidCents + cents);
  }
}
