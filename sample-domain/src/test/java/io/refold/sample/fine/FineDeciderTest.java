package io.refold.sample.fine;

import static io.refold.sample.fine.Fines.created;
import static io.refold.sample.fine.Fines.day;

import io.refold.eventstore.DeciderScenario;
import io.refold.sample.fine.FineCommand.AddPenalty;
import io.refold.sample.fine.FineCommand.CreateFine;
import io.refold.sample.fine.FineCommand.NotifyFine;
import io.refold.sample.fine.FineCommand.RecordPayment;
import io.refold.sample.fine.FineCommand.SendFine;
import io.refold.sample.fine.FineEvent.AppealedToJudge;
import io.refold.sample.fine.FineEvent.FineCreated;
import io.refold.sample.fine.FineEvent.FineNotified;
import io.refold.sample.fine.FineEvent.FineSent;
import io.refold.sample.fine.FineEvent.PaymentReceived;
import io.refold.sample.fine.FineEvent.PenaltyAdded;
import io.refold.sample.fine.FineEvent.ResultReceived;
import java.time.LocalDate;
import org.junit.jupiter.api.Test;

/** Creation, posting, notification, penalty and payments: the way of an ordinary fine. */
class FineDeciderTest {
  private static final CreateFine CREATE =
      new CreateFine(day(0), 35_00, VehicleClass.A, 157, 0, "561", null);
  private static final FineCreated CREATED = created(null);
  private static final FineSent SENT = new FineSent(day(10), 11_00);
  private static final FineNotified NOTIFIED = new FineNotified(day(20), "P", "P");
  private static final PenaltyAdded PENALTY = new PenaltyAdded(day(80), 71_50);

  private static DeciderScenario<FineCommand, Fine, FineEvent> given(FineEvent... events) {
    return DeciderScenario.of(new FineDecider()).given(events);
  }

  @Test
  void aFineIsCreated() {
    given().when(CREATE).then(CREATED);
  }

  @Test
  void creatingTheSameFineAgainChangesNothing() {
    given(CREATED, SENT).when(CREATE).thenNothing();
  }

  @Test
  void anotherFineWithTheSameIdIsRefused() {
    given(CREATED)
        .when(new CreateFine(day(0), 36_00, VehicleClass.A, 157, 0, "561", null))
        .thenRejected("already-created");
  }

  @Test
  void nothingHappensBeforeTheCreation() {
    given().when(new SendFine(day(10), 11_00)).thenRejected("not-created");
  }

  @Test
  void everyWrongFieldIsListed() {
    given()
        .when(new CreateFine(day(0), -1, VehicleClass.A, 0, 11, " ", "NIL"))
        .thenInvalid("article", "cents", "dismissal", "officer", "points");
    given(CREATED).when(new RecordPayment(day(1), -1, -1)).thenInvalid("cents", "totalCents");
    given(CREATED).when(new SendFine(day(1), -1)).thenInvalid("cents");
    given(CREATED).when(new NotifyFine(day(1), "X", "Y")).thenInvalid("lastSent", "type");
    given(CREATED).when(new AddPenalty(day(1), -1)).thenInvalid("cents");
  }

  @Test
  void pointsAreTakenOnlySinceTheyExist() {
    var eve = LocalDate.of(2003, 6, 29);
    given()
        .when(new CreateFine(eve, 35_00, VehicleClass.A, 157, 2, "561", null))
        .thenRejected("no-points-yet");
    given()
        .when(new CreateFine(eve.plusDays(1), 35_00, VehicleClass.A, 157, 2, "561", null))
        .then(new FineCreated(eve.plusDays(1), 35_00, VehicleClass.A, 157, 2, "561", null));
  }

  @Test
  void anOrdinaryFineGoesItsWay() {
    given(CREATED).when(new SendFine(day(10), 11_00)).then(SENT);
    given(CREATED, SENT).when(new NotifyFine(day(20), "P", "P")).then(NOTIFIED);
    given(CREATED, SENT, NOTIFIED).when(new AddPenalty(day(80), 71_50)).then(PENALTY);
    given(CREATED, SENT, NOTIFIED, PENALTY)
        .when(new RecordPayment(day(90), 82_50, 82_50))
        .then(new PaymentReceived(day(90), 82_50, 82_50));
  }

  @Test
  void aStepHappensOnce() {
    given(CREATED, SENT).when(new SendFine(day(11), 11_00)).thenRejected("already-done");
  }

  @Test
  void theVeryStepAgainChangesNothing() {
    given(CREATED, SENT, NOTIFIED).when(new SendFine(day(10), 11_00)).thenNothing();
  }

  @Test
  void datesDoNotGoBack() {
    given(CREATED).when(new SendFine(day(-1), 11_00)).thenRejected("date-goes-back");
    given(CREATED, new PaymentReceived(day(5), 100, 100))
        .when(new SendFine(day(4), 11_00))
        .thenRejected("date-goes-back");
    given(CREATED).when(new SendFine(day(0), 11_00)).then(new FineSent(day(0), 11_00));
  }

  @Test
  void aFineDismissedInTheOfficeCanOnlyBeSent() {
    given(created("A")).when(new SendFine(day(10), 11_00)).then(SENT);
    given(created("A"), SENT)
        .when(new NotifyFine(day(20), "P", "P"))
        .thenRejected("dismissed-at-creation");
    given(created("A"), SENT)
        .when(new RecordPayment(day(20), 100, 100))
        .thenRejected("dismissed-at-creation");
  }

  @Test
  void someCodesOfTheOfficeDidNotEndTheFine() {
    given(created("@"), SENT).when(new NotifyFine(day(20), "P", "P")).then(NOTIFIED);
  }

  @Test
  void nothingIsSentOnceItWasNotifiedOrDecided() {
    given(CREATED, NOTIFIED).when(new SendFine(day(20), 1)).thenRejected("too-late-to-send");
    given(CREATED, new ResultReceived(day(20)))
        .when(new SendFine(day(20), 1))
        .thenRejected("too-late-to-send");
  }

  @Test
  void onlyASentFineCanHaveArrived() {
    given(CREATED).when(new NotifyFine(day(20), "P", "P")).thenRejected("not-sent");
  }

  @Test
  void aNotificationComesBeforeAnyDecision() {
    given(CREATED, SENT, new AppealedToJudge(day(12), null))
        .when(new NotifyFine(day(20), "P", null))
        .thenRejected("too-late-to-notify");
    given(CREATED, SENT, new ResultReceived(day(12)))
        .when(new NotifyFine(day(20), "P", null))
        .thenRejected("too-late-to-notify");
  }

  @Test
  void thePenaltyNeedsANotification() {
    given(CREATED, SENT).when(new AddPenalty(day(80), 71_50)).thenRejected("not-notified");
  }

  @Test
  void thePenaltyFallsOnThe60thDay() {
    given(CREATED, SENT, NOTIFIED)
        .when(new AddPenalty(day(79), 71_50))
        .thenRejected("not-the-60th-day");
    given(CREATED, SENT, NOTIFIED)
        .when(new AddPenalty(day(81), 71_50))
        .thenRejected("not-the-60th-day");
  }

  @Test
  void fromThe60thDayOnThePenaltyComesFirst() {
    given(CREATED, SENT, NOTIFIED)
        .when(new RecordPayment(day(80), 46_00, 46_00))
        .thenRejected("penalty-due");
    given(CREATED, SENT, NOTIFIED)
        .when(new RecordPayment(day(79), 46_00, 46_00))
        .then(new PaymentReceived(day(79), 46_00, 46_00));
  }

  @Test
  void thePenaltyRaisesTheAmount() {
    given(CREATED, SENT, NOTIFIED)
        .when(new AddPenalty(day(80), 35_00))
        .thenRejected("penalty-too-low");
  }

  @Test
  void nothingTwiceIsNothing() {
    var free = new FineCreated(day(0), 0, VehicleClass.A, 157, 0, "561", null);
    given(free, SENT, NOTIFIED).when(new AddPenalty(day(80), 0)).then(new PenaltyAdded(day(80), 0));
  }

  @Test
  void aRepeatedPaymentIsRecognised() {
    given(CREATED, new PaymentReceived(day(5), 10_00, 10_00))
        .when(new RecordPayment(day(5), 10_00, 10_00))
        .thenNothing();
    given(CREATED, new PaymentReceived(day(5), 10_00, 10_00))
        .when(new RecordPayment(day(5), 10_00, 20_00))
        .thenRejected("payment-repeated");
  }

  @Test
  void theReportedTotalCoversTheKnownPayments() {
    given(CREATED).when(new RecordPayment(day(5), 10_00, 9_99)).thenRejected("total-too-low");
    given(CREATED, new PaymentReceived(day(5), 10_00, 20_00))
        .when(new RecordPayment(day(5), 15_00, 20_00))
        .thenRejected("total-too-low");
  }

  @Test
  void paymentsOfOneDayReportTheSameTotal() {
    given(CREATED, new PaymentReceived(day(5), 10_00, 15_00))
        .when(new RecordPayment(day(5), 5_00, 15_00))
        .then(new PaymentReceived(day(5), 5_00, 15_00));
    given(CREATED, new PaymentReceived(day(5), 10_00, 15_00))
        .when(new RecordPayment(day(5), 5_00, 16_00))
        .thenRejected("total-differs");
  }

  @Test
  void fromDayToDayTheTotalGrowsAtLeastByThePayment() {
    given(CREATED, new PaymentReceived(day(5), 10_00, 15_00))
        .when(new RecordPayment(day(6), 5_00, 19_99))
        .thenRejected("total-differs");
    given(CREATED, new PaymentReceived(day(5), 10_00, 15_00))
        .when(new RecordPayment(day(6), 5_00, 21_00))
        .then(new PaymentReceived(day(6), 5_00, 21_00));
  }

  @Test
  void peopleMayPayTooMuch() {
    given(CREATED)
        .when(new RecordPayment(day(5), 99_00, 99_00))
        .then(new PaymentReceived(day(5), 99_00, 99_00));
  }
}
