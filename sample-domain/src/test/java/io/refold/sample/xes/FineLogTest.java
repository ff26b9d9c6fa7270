package io.refold.sample.xes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import io.refold.sample.fine.VehicleClass;
import io.refold.sample.load.FineHistory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FineLogTest {
  private static final String CREATE =
      """
      <event>
        <float key="amount" value="35.0"/>
        <string key="org:resource" value="561"/>
        <string key="dismissal" value="NIL"/>
        <string key="concept:name" value="Create Fine"/>
        <string key="vehicleClass" value="A"/>
        <float key="totalPaymentAmount" value="0.0"/>
        <date key="time:timestamp" value="2006-08-01T00:00:00+02:00"/>
        <int key="article" value="157"/>
        <int key="points" value="0"/>
      </event>
      """;

  @TempDir Path directory;

  @Test
  void everyActivityBecomesACommand() {
    String events =
        CREATE
            + event("Send Fine", "<float key='expense' value='11.5'/>")
            + event(
                "Insert Fine Notification",
                "<string key='notificationType' value='P'/><string key='lastSent' value='N'/>")
            + event("Insert Fine Notification", "<string key='notificationType' value='C'/>")
            + event("Insert Date Appeal to Prefecture", "")
            + event("Add penalty", "<float key='amount' value='71.55'/>")
            + event("Send Appeal to Prefecture", "<string key='dismissal' value='#'/>")
            + event("Receive Result Appeal from Prefecture", "")
            + event("Notify Result Appeal to Offender", "")
            + event("Appeal to Judge", "<string key='dismissal' value='NIL'/>")
            + event(
                "Payment",
                "<float key='paymentAmount' value='0.1'/>"
                    + "<float key='totalPaymentAmount' value='20.25'/>")
            + event("Send for Credit Collection", "");
    var on = LocalDate.of(2006, 9, 1);

    assertThat(read(log(events)))
        .containsExactly(
            new FineHistory(
                "A1",
                List.of(
                    new CreateFine(
                        LocalDate.of(2006, 8, 1), 35_00, VehicleClass.A, 157, 0, "561", null),
                    new SendFine(on, 11_50),
                    new NotifyFine(on, "P", "N"),
                    new NotifyFine(on, "C", null),
                    new FileAppeal(on),
                    new AddPenalty(on, 71_55),
                    new SendAppeal(on, "#"),
                    new ReceiveResult(on),
                    new NotifyResult(on),
                    new AppealToJudge(on, null),
                    new RecordPayment(on, 10, 20_25),
                    new SendToCollection(on))));
  }

  @Test
  void anotherActivityIsForeign() {
    assertRefused(event("Ship Order", ""), "line 3: concept:name 'Ship Order' is not allowed");
  }

  @Test
  void aMissingAttributeIsNamed() {
    assertRefused(event("Send Fine", ""), "line 3: the event has no expense");
    assertRefused("<event/>", "line 3: the event has no concept:name");
    assertRefused(
        "<event><string key='concept:name' value='Payment'/></event>",
        "line 3: the event has no time:timestamp");
  }

  @Test
  void aBadNumberIsNamed() {
    assertRefused(
        event("Send Fine", "<float key='expense' value='eleven'/>"),
        "line 3: expense 'eleven' is not allowed");
    assertRefused(CREATE.replace("\"157\"", "\"1x\""), "article '1x' is not allowed");
  }

  @Test
  void fractionsOfACentAreNotRoundedAway() {
    assertRefused(
        event("Send Fine", "<float key='expense' value='11.005'/>"),
        "line 3: expense '11.005' is not allowed");
  }

  @Test
  void anAmountThatNoCentsCanHoldIsRefused() {
    assertRefused(
        event("Send Fine", "<float key='expense' value='1e30'/>"), "expense '1e30' is not allowed");
  }

  @Test
  void aBadDateIsNamed() {
    assertRefused(
        CREATE.replace("2006-08-01T", "2006-02-30T"),
        "line 3: time:timestamp '2006-02-30T00:00:00+02:00' is not allowed");
    assertRefused(CREATE.replace("2006-08-01T00:00:00+02:00", "now"), "time:timestamp 'now'");
  }

  @Test
  void anUnknownVehicleIsNamed() {
    assertRefused(CREATE.replace("value=\"A\"", "value=\"Z\""), "vehicleClass 'Z' is not allowed");
  }

  @Test
  void aFineThatIsBornWithPaymentsIsForeign() {
    assertRefused(
        CREATE.replace("totalPaymentAmount\" value=\"0.0", "totalPaymentAmount\" value=\"1.0"),
        "line 3: totalPaymentAmount is not 0");
  }

  private void assertRefused(String events, String message) {
    Path file = log(events);
    assertThatThrownBy(() -> read(file))
        .isInstanceOf(UnreadableLogException.class)
        .hasMessageContaining(message);
  }

  private static String event(String activity, String attributes) {
    return """
    <event>
      <string key="concept:name" value="%s"/>
      <date key="time:timestamp" value="2006-09-01T00:00:00+02:00"/>
      %s
    </event>
    """
        .formatted(activity, attributes);
  }

  private Path log(String events) {
    try {
      return Files.writeString(
          Files.createTempFile(directory, "fines", ".xes"),
          "<log>\n<trace><string key='concept:name' value='A1'/>\n" + events + "</trace></log>");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<FineHistory> read(Path file) {
    var histories = new ArrayList<FineHistory>();
    new FineLog(file).forEach(histories::add);
    return histories;
  }
}
