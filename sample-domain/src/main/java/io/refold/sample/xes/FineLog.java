package io.refold.sample.xes;

import io.refold.sample.fine.Activity;
import io.refold.sample.fine.FineCommand;
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
import io.refold.sample.load.FineSource;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The log "Road Traffic Fine Management Process" (doi:
 * 10.4121/uuid:270fd440-1057-4fb9-89a9-b699b47990f5), or one of its form, as commands. Dates are
 * taken as written, without their time zone; amounts in euros become cents, exactly.
 *
 * @param file the log
 */
public record FineLog(XesFile file) implements FineSource {
  /** Reads the log at a path. */
  public FineLog(Path path) {
    this(new XesFile(path));
  }

  /**
   * Gives every case to the consumer, in the file's order.
   *
   * @throws UnreadableLogException if the file is damaged, no XES log, or about something else
   */
  @Override
  public void forEach(Consumer<FineHistory> consumer) {
    file.forEachTrace(trace -> consumer.accept(history(trace)));
  }

  private FineHistory history(XesTrace trace) {
    var commands = new ArrayList<FineCommand>(trace.events().size());
    for (XesEvent event : trace.events()) {
      commands.add(command(event));
    }
    return new FineHistory(trace.name(), commands);
  }

  private FineCommand command(XesEvent event) {
    Activity activity = parse(event, "concept:name", Activity::ofTitle);
    LocalDate on = parse(event, "time:timestamp", FineLog::date);
    return switch (activity) {
      case CREATE -> created(event, on);
      case SEND -> new SendFine(on, cents(event, "expense"));
      case NOTIFY ->
          new NotifyFine(on, text(event, "notificationType"), event.attributes().get("lastSent"));
      case ADD_PENALTY -> new AddPenalty(on, cents(event, "amount"));
      case PAY ->
          new RecordPayment(on, cents(event, "paymentAmount"), cents(event, "totalPaymentAmount"));
      case FILE_APPEAL -> new FileAppeal(on);
      case SEND_APPEAL -> new SendAppeal(on, dismissal(event));
      case RECEIVE_RESULT -> new ReceiveResult(on);
      case NOTIFY_RESULT -> new NotifyResult(on);
      case APPEAL_TO_JUDGE -> new AppealToJudge(on, dismissal(event));
      case COLLECT -> new SendToCollection(on);
    };
  }

  private CreateFine created(XesEvent event, LocalDate on) {
    if (cents(event, "totalPaymentAmount") != 0) {
      throw refuse(event, "totalPaymentAmount is not 0 when the fine is created", null);
    }
    return new CreateFine(
        on,
        cents(event, "amount"),
        parse(event, "vehicleClass", VehicleClass::valueOf),
        parse(event, "article", Integer::parseInt),
        parse(event, "points", Integer::parseInt),
        text(event, "org:resource"),
        dismissal(event));
  }

  private @Nullable String dismissal(XesEvent event) {
    String code = text(event, "dismissal");
    return code.equals("NIL") ? null : code;
  }

  private long cents(XesEvent event, String key) {
    return parse(event, key, FineLog::exactCents);
  }

  private static long exactCents(String euros) {
    return new BigDecimal(euros).movePointRight(2).longValueExact();
  }

  /** The day as written: another time zone would move midnight to the day before. */
  private static LocalDate date(String timestamp) {
    return LocalDate.parse(timestamp.substring(0, Math.min(10, timestamp.length())));
  }

  private String text(XesEvent event, String key) {
    return parse(event, key, text -> text);
  }

  private <T> T parse(XesEvent event, String key, Function<String, T> parser) {
    String text = event.attributes().get(key);
    if (text == null) {
      throw refuse(event, "the event has no " + key, null);
    }
    try {
      return parser.apply(text);
    } catch (IllegalArgumentException | ArithmeticException | DateTimeException e) {
      throw refuse(event, "%s '%s' is not allowed: %s".formatted(key, text, e.getMessage()), e);
    }
  }

  private UnreadableLogException refuse(XesEvent event, String reason, @Nullable Throwable cause) {
    return new UnreadableLogException(file.path(), event.line(), reason, cause);
  }
}
