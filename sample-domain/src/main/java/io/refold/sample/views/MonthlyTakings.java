package io.refold.sample.views;

import io.refold.eventstore.Recorded;
import io.refold.projections.Projection;
import io.refold.projections.Source;
import io.refold.sample.fine.FineDecider;
import io.refold.sample.fine.FineEvent;
import io.refold.sample.fine.FineEvent.FineCreated;
import io.refold.sample.fine.FineEvent.PaymentReceived;
import java.time.YearMonth;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code monthly-takings}: a row per month ({@code YYYY-MM}), to which thousands of fines in all
 * partitions contribute. Only sums and counts, so the order between fines does not matter.
 */
public final class MonthlyTakings implements Projection<Takings> {
  /** Makes the projection. */
  public MonthlyTakings() {}

  @Override
  public String name() {
    return "monthly-takings";
  }

  @Override
  public int version() {
    return 1;
  }

  @Override
  public Class<Takings> rowType() {
    return Takings.class;
  }

  @Override
  public List<Source<Takings>> sources() {
    return List.of(Source.keyed(FineDecider.FINES, MonthlyTakings::months, MonthlyTakings::evolve));
  }

  private static List<String> months(Recorded<FineEvent> recorded) {
    FineEvent event = recorded.event();
    return event instanceof FineCreated || event instanceof PaymentReceived
        ? List.of(YearMonth.from(event.on()).toString())
        : List.of();
  }

  private static @Nullable Takings evolve(
      String month, @Nullable Takings row, Recorded<FineEvent> recorded) {
    Takings takings = row == null ? Takings.NONE : row;
    if (recorded.event() instanceof FineCreated created) {
      return takings.plusFine(created.cents());
    }
    if (recorded.event() instanceof PaymentReceived payment) {
      return takings.plusPayment(payment.cents());
    }
    return row;
  }
}
