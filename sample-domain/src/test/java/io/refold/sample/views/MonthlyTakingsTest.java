package io.refold.sample.views;

import static io.refold.sample.fine.FineDecider.FINES;

import io.refold.projections.ProjectionScenario;
import io.refold.sample.fine.FineEvent;
import io.refold.sample.fine.FineEvent.FineCreated;
import io.refold.sample.fine.FineEvent.FineSent;
import io.refold.sample.fine.FineEvent.PaymentReceived;
import io.refold.sample.fine.VehicleClass;
import java.time.LocalDate;
import java.util.Map;
import org.junit.jupiter.api.Test;

class MonthlyTakingsTest {
  private static final LocalDate LAST_OF_JULY = LocalDate.of(2006, 7, 31);
  private static final LocalDate FIRST_OF_AUGUST = LocalDate.of(2006, 8, 1);

  @Test
  void manyFinesAddToOneMonth() {
    ProjectionScenario.of(new MonthlyTakings())
        .given(FINES, "A1", created(LAST_OF_JULY), payment(LAST_OF_JULY, 35_00))
        .given(FINES, "A2", created(LAST_OF_JULY), payment(LAST_OF_JULY, 10_00))
        .thenRows(Map.of("2006-07", new Takings(2, 70_00, 2, 45_00)));
  }

  @Test
  void theMonthIsTheOneOfTheEventsDay() {
    ProjectionScenario.of(new MonthlyTakings())
        .given(FINES, "A1", created(LAST_OF_JULY), payment(FIRST_OF_AUGUST, 35_00))
        .thenRows(
            Map.of("2006-07", new Takings(1, 35_00, 0, 0), "2006-08", new Takings(0, 0, 1, 35_00)));
  }

  @Test
  void otherStepsBringNothing() {
    ProjectionScenario.of(new MonthlyTakings())
        .given(FINES, "A1", new FineSent(LAST_OF_JULY, 11_00))
        .thenRows(Map.of());
  }

  private static FineEvent created(LocalDate on) {
    return new FineCreated(on, 35_00, VehicleClass.A, 157, 0, "561", null);
  }

  private static FineEvent payment(LocalDate on, long cents) {
    return new PaymentReceived(on, cents, cents);
  }
}
