package io.refold.sample.fine;

import static io.refold.sample.fine.Fines.created;
import static io.refold.sample.fine.Fines.day;

import io.refold.eventstore.DeciderScenario;
import io.refold.sample.fine.FineCommand.AppealToJudge;
import io.refold.sample.fine.FineCommand.FileAppeal;
import io.refold.sample.fine.FineCommand.NotifyResult;
import io.refold.sample.fine.FineCommand.ReceiveResult;
import io.refold.sample.fine.FineCommand.RecordPayment;
import io.refold.sample.fine.FineCommand.SendAppeal;
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
import org.junit.jupiter.api.Test;

/** Appeals to the prefecture and to a judge, and the end in credit collection. */
class FineAppealTest {
  private static final FineCreated CREATED = created(null);
  private static final FineSent SENT = new FineSent(day(10), 11_00);
  private static final FineNotified NOTIFIED = new FineNotified(day(20), "P", "P");
  private static final AppealFiled FILED = new AppealFiled(day(40));
  private static final AppealSent APPEAL_SENT = new AppealSent(day(50), null);
  private static final PenaltyAdded PENALTY = new PenaltyAdded(day(80), 71_50);
  private static final ResultReceived RECEIVED = new ResultReceived(day(90));
  private static final ResultNotified TOLD = new ResultNotified(day(100));

  private static DeciderScenario<FineCommand, Fine, FineEvent> given(FineEvent... events) {
    return DeciderScenario.of(new FineDecider()).given(events);
  }

  private static DeciderScenario<FineCommand, Fine, FineEvent> penalised(FineEvent... more) {
    return given(CREATED, SENT, NOTIFIED, PENALTY).given(more);
  }

  @Test
  void anAppealGoesItsWay() {
    given(CREATED, SENT, NOTIFIED).when(new FileAppeal(day(40))).then(FILED);
    given(CREATED, SENT, NOTIFIED, FILED).when(new SendAppeal(day(50), null)).then(APPEAL_SENT);
    penalised(FILED, APPEAL_SENT).when(new ReceiveResult(day(90))).then(RECEIVED);
    penalised(FILED, APPEAL_SENT, RECEIVED).when(new NotifyResult(day(100))).then(TOLD);
    penalised(FILED, APPEAL_SENT, RECEIVED, TOLD)
        .when(new AppealToJudge(day(110), null))
        .then(new AppealedToJudge(day(110), null));
  }

  @Test
  void anAppealComesAfterTheDayOfCreation() {
    given(CREATED).when(new FileAppeal(day(0))).thenRejected("appeal-too-early");
    given(CREATED).when(new AppealToJudge(day(0), null)).thenRejected("appeal-too-early");
    given(CREATED).when(new FileAppeal(day(1))).then(new AppealFiled(day(1)));
  }

  @Test
  void whoKnowsTheResultDoesNotAppealToThePrefecture() {
    penalised(RECEIVED, TOLD).when(new FileAppeal(day(110))).thenRejected("result-told");
  }

  @Test
  void papersAreSentOnlyForASentFineOrAnAppeal() {
    given(CREATED).when(new SendAppeal(day(5), null)).thenRejected("nothing-to-appeal");
    given(CREATED, SENT).when(new SendAppeal(day(50), null)).then(APPEAL_SENT);
    given(CREATED, new AppealFiled(day(5))).when(new SendAppeal(day(50), null)).then(APPEAL_SENT);
  }

  @Test
  void onlyThePrefectureOrTheOfficeDismisses() {
    given(CREATED, SENT).when(new SendAppeal(day(50), "#")).then(new AppealSent(day(50), "#"));
    given(CREATED, SENT).when(new SendAppeal(day(50), "D")).thenRejected("foreign-dismissal");
    given(created("D"), SENT).when(new SendAppeal(day(50), "D")).then(new AppealSent(day(50), "D"));
    given(created("D"), SENT).when(new SendAppeal(day(50), "#")).thenRejected("foreign-dismissal");
    given(created("D"), SENT).when(new SendAppeal(day(50), null)).thenRejected("foreign-dismissal");
  }

  @Test
  void aDecisionNeedsASentFineThatSomebodyKnowsOf() {
    given(CREATED, FILED).when(new ReceiveResult(day(90))).thenRejected("nothing-to-decide");
    given(CREATED, SENT).when(new ReceiveResult(day(90))).thenRejected("nothing-to-decide");
    given(CREATED, SENT, FILED).when(new ReceiveResult(day(90))).then(RECEIVED);
    penalised().when(new ReceiveResult(day(90))).then(RECEIVED);
  }

  @Test
  void aDecisionFallsAfterTheDaysOfTheAppeal() {
    given(CREATED, SENT, FILED).when(new ReceiveResult(day(40))).thenRejected("decision-too-early");
    given(CREATED, SENT, FILED, APPEAL_SENT)
        .when(new ReceiveResult(day(50)))
        .thenRejected("decision-too-early");
  }

  @Test
  void onlyTheNotifiedAreTold() {
    given(CREATED, SENT).when(new NotifyResult(day(100))).thenRejected("not-notified");
    penalised().when(new NotifyResult(day(100))).then(TOLD);
  }

  @Test
  void aJudgeIsNotAskedAboutWhatTheOfficeDismissed() {
    given(created("C"), SENT)
        .when(new AppealToJudge(day(30), null))
        .thenRejected("dismissed-at-creation");
  }

  @Test
  void aJudgeDoesNotDismissWhatThePrefectureHas() {
    penalised(new AppealSent(day(80), "#"))
        .when(new AppealToJudge(day(110), "G"))
        .thenRejected("already-dismissed");
    penalised(new AppealSent(day(80), "#"))
        .when(new AppealToJudge(day(110), null))
        .then(new AppealedToJudge(day(110), null));
  }

  @Test
  void aJudgeHasOneCode() {
    penalised().when(new AppealToJudge(day(110), "#")).thenInvalid("dismissal");
  }

  @Test
  void collectionEndsAFine() {
    penalised().when(new SendToCollection(day(400))).then(new SentToCollection(day(400)));
  }

  @Test
  void collectionNeedsAPenalty() {
    given(CREATED, SENT).when(new SendToCollection(day(400))).thenRejected("no-penalty");
  }

  @Test
  void collectionWaits180DaysAfterThePenalty() {
    penalised().when(new SendToCollection(day(259))).thenRejected("collection-too-early");
    penalised().when(new SendToCollection(day(260))).then(new SentToCollection(day(260)));
  }

  @Test
  void collectionWaitsForTheResultOfAnAppeal() {
    penalised(new AppealFiled(day(80)))
        .when(new SendToCollection(day(400)))
        .thenRejected("appeal-pending");
    penalised(new AppealSent(day(80), null))
        .when(new SendToCollection(day(400)))
        .thenRejected("appeal-pending");
    penalised(RECEIVED).when(new SendToCollection(day(400))).thenRejected("appeal-pending");
    penalised(RECEIVED, TOLD)
        .when(new SendToCollection(day(400)))
        .then(new SentToCollection(day(400)));
  }

  @Test
  void aDismissedFineIsNotCollected() {
    penalised(new AppealedToJudge(day(90), "G"))
        .when(new SendToCollection(day(400)))
        .thenRejected("dismissed");
    penalised(new AppealSent(day(85), "#"), RECEIVED, TOLD)
        .when(new SendToCollection(day(400)))
        .thenRejected("dismissed");
  }

  @Test
  void onlyWhatIsOutstandingIsCollected() {
    penalised(new PaymentReceived(day(90), 82_50, 82_50))
        .when(new SendToCollection(day(400)))
        .thenRejected("nothing-outstanding");
    penalised(new PaymentReceived(day(90), 82_49, 82_49))
        .when(new SendToCollection(day(400)))
        .then(new SentToCollection(day(400)));
  }

  @Test
  void thePrefectureMayHaveSetAnotherSum() {
    penalised(RECEIVED, TOLD, new PaymentReceived(day(110), 82_50, 82_50))
        .when(new SendToCollection(day(400)))
        .then(new SentToCollection(day(400)));
  }

  @Test
  void aFineForNothingMayBeCollected() {
    given(
            new FineCreated(day(0), 0, VehicleClass.A, 157, 0, "561", null),
            new FineSent(day(10), 0),
            NOTIFIED,
            new PenaltyAdded(day(80), 0))
        .when(new SendToCollection(day(400)))
        .then(new SentToCollection(day(400)));
  }

  @Test
  void aCollectedFineIsClosed() {
    penalised(new SentToCollection(day(400)))
        .when(new RecordPayment(day(401), 100, 100))
        .thenRejected("closed");
    penalised(new SentToCollection(day(400)))
        .when(new SendAppeal(day(401), null))
        .thenRejected("closed");
  }

  @Test
  void thePapersOfADecidedAppealMayStillBeSent() {
    penalised(RECEIVED, TOLD, new SentToCollection(day(400)))
        .when(new SendAppeal(day(500), null))
        .then(new AppealSent(day(500), null));
  }
}
