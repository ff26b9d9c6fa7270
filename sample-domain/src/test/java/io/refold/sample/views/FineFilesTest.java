package io.refold.sample.views;

import static io.refold.sample.fine.FineDecider.FINES;
import static org.assertj.core.api.Assertions.assertThat;

import io.refold.projections.ProjectionScenario;
import io.refold.sample.fine.Activity;
import io.refold.sample.fine.FineEvent;
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
import io.refold.sample.fine.VehicleClass;
import java.time.LocalDate;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FineFilesTest {
  private static final LocalDate DAY = LocalDate.of(2006, 7, 24);
  private static final FineEvent SENT = new FineSent(DAY, 11_00);
  private static final FineEvent NOTIFIED = new FineNotified(DAY, "P", null);
  private static final FineEvent PENALTY = new PenaltyAdded(DAY, 71_50);

  @Test
  void aFineFileAddsUp() {
    assertThat(file(created(null), SENT, payment(20_00), NOTIFIED, PENALTY, payment(30_00)))
        .isEqualTo(new FineFile(35_00, 11_00, 71_50L, 50_00, false, "CSPNAP"))
        .extracting(FineFile::outstandingCents)
        .isEqualTo(32_50L);
  }

  @Test
  void theTraceHasEveryActivityInOrder() {
    assertThat(
            file(
                    created(null),
                    SENT,
                    NOTIFIED,
                    new AppealFiled(DAY),
                    PENALTY,
                    new AppealSent(DAY, null),
                    new ResultReceived(DAY),
                    new ResultNotified(DAY),
                    new AppealedToJudge(DAY, null),
                    payment(1),
                    new SentToCollection(DAY))
                .activities())
        .containsExactly(
            Activity.CREATE,
            Activity.SEND,
            Activity.NOTIFY,
            Activity.FILE_APPEAL,
            Activity.ADD_PENALTY,
            Activity.SEND_APPEAL,
            Activity.RECEIVE_RESULT,
            Activity.NOTIFY_RESULT,
            Activity.APPEAL_TO_JUDGE,
            Activity.PAY,
            Activity.COLLECT);
  }

  @Test
  void theStatusFollowsTheFine() {
    assertStatus(FineStatus.CREATED, created(null));
    assertStatus(FineStatus.SENT, created(null), SENT);
    assertStatus(FineStatus.NOTIFIED, created(null), SENT, NOTIFIED);
    assertStatus(FineStatus.PENALISED, created(null), SENT, NOTIFIED, PENALTY);
    assertStatus(FineStatus.UNDER_APPEAL, created(null), SENT, new AppealFiled(DAY));
    assertStatus(FineStatus.UNDER_APPEAL, created(null), SENT, new AppealSent(DAY, null));
    assertStatus(FineStatus.UNDER_APPEAL, created(null), SENT, NOTIFIED, new ResultReceived(DAY));
    assertStatus(
        FineStatus.PENALISED,
        created(null),
        SENT,
        NOTIFIED,
        PENALTY,
        new AppealFiled(DAY),
        new ResultNotified(DAY));
    assertStatus(FineStatus.SETTLED, created(null), payment(35_00));
    assertStatus(FineStatus.SENT, created(null), payment(35_00), SENT);
    assertStatus(FineStatus.CREATED, created(null), payment(34_99));
    assertStatus(FineStatus.COLLECTED, created(null), SENT, new SentToCollection(DAY));
  }

  @Test
  void officePrefectureAndJudgeDismiss() {
    assertStatus(FineStatus.DISMISSED, created("A"), SENT);
    assertStatus(FineStatus.DISMISSED, created(null), SENT, new AppealSent(DAY, "#"));
    assertStatus(FineStatus.DISMISSED, created(null), SENT, new AppealedToJudge(DAY, "G"));
    assertStatus(
        FineStatus.DISMISSED,
        created(null),
        SENT,
        new AppealSent(DAY, "#"),
        new AppealedToJudge(DAY, null));
  }

  @Test
  void everyFineHasItsOwnRow() {
    ProjectionScenario.of(new FineFiles())
        .given(FINES, "A1", created(null), SENT)
        .given(FINES, "A2", created(null))
        .thenRow("A1", new FineFile(35_00, 11_00, null, 0, false, "CS"))
        .thenRow("A2", new FineFile(35_00, 0, null, 0, false, "C"));
  }

  private static void assertStatus(FineStatus status, FineEvent... events) {
    assertThat(file(events).status()).isEqualTo(status);
  }

  private static FineFile file(FineEvent... events) {
    return Objects.requireNonNull(
        ProjectionScenario.of(new FineFiles()).given(FINES, "A1", events).rows().get("A1"));
  }

  private static FineEvent created(@Nullable String dismissal) {
    return new FineCreated(DAY, 35_00, VehicleClass.A, 157, 0, "561", dismissal);
  }

  private static FineEvent payment(long cents) {
    return new PaymentReceived(DAY, cents, cents);
  }
}
