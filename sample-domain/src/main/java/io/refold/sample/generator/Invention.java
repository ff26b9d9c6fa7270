package io.refold.sample.generator;

import io.refold.sample.fine.Activity;
import io.refold.sample.fine.Fine;
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
import io.refold.sample.fine.FineDecider;
import io.refold.sample.load.FineHistory;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One invented fine: draws a whole path first, which keeps to the order of real life by itself,
 * then the dates, then each command against the fine as it stands. Used once.
 */
final class Invention {
  private static final LocalDate POINTS_IN_USE = LocalDate.of(2003, 7, 29);
  private static final int ATTEMPTS = 200;

  private final Statistics statistics;
  private final RandomGenerator random;
  private final FineDecider decider = new FineDecider();
  private final String path;
  private final Statistics.Tariff tariff;
  private final List<LocalDate> dates;
  private Fine fine = Fine.NONE;

  Invention(Statistics statistics, RandomGenerator random) {
    this.statistics = statistics;
    this.random = random;
    path = statistics.variants.draw(random);
    List<LocalDate> drawn;
    int attempts = 0;
    do {
      drawn = new Calendar(path, statistics, random).draw();
    } while (drawn.getLast().isAfter(FineGenerator.END) && ++attempts < ATTEMPTS);
    dates = drawn;
    tariff = statistics.tariff(dates.getFirst().getYear(), random);
  }

  FineHistory history(String id) {
    List<Activity> activities = Activity.ofTrace(path);
    var commands = new ArrayList<FineCommand>();
    for (int i = 0; i < activities.size(); i++) {
      FineCommand command = command(activities.get(i), dates.get(i), path.substring(i + 1));
      fine = decider.evolve(fine, FineDecider.eventOf(command));
      commands.add(command);
    }
    return new FineHistory(id, commands);
  }

  private FineCommand command(Activity activity, LocalDate on, String rest) {
    return switch (activity) {
      case CREATE -> creation(on);
      case SEND -> new SendFine(on, statistics.expenseCents(on.getYear(), random));
      case NOTIFY -> {
        String delivery = statistics.deliveries.draw(random);
        String lastSent = delivery.substring(2);
        yield new NotifyFine(on, delivery.substring(0, 1), lastSent.isEmpty() ? null : lastSent);
      }
      case ADD_PENALTY -> new AddPenalty(on, tariff.penaltyCents());
      case PAY -> {
        long cents = Math.max(1, payment(rest));
        yield new RecordPayment(on, cents, fine.paidCents() + cents);
      }
      case FILE_APPEAL -> new FileAppeal(on);
      case SEND_APPEAL -> new SendAppeal(on, rest.isEmpty() && !has('K') ? code("#", 60) : null);
      case RECEIVE_RESULT -> new ReceiveResult(on);
      case NOTIFY_RESULT -> new NotifyResult(on);
      case APPEAL_TO_JUDGE ->
          new AppealToJudge(
              on, rest.isEmpty() && !fine.dismissedByPrefecture() ? code("G", 60) : null);
      case COLLECT -> new SendToCollection(on);
    };
  }

  private CreateFine creation(LocalDate on) {
    boolean points = !on.isBefore(POINTS_IN_USE) && percent(tariff.pointsPercent());
    boolean dismissed = path.equals("CS") && random.nextInt(1000) < 24;
    return new CreateFine(
        on,
        tariff.cents(),
        statistics.vehicles.draw(random),
        tariff.article(),
        points ? tariff.points() : 0,
        String.valueOf(random.nextInt(3, 871)),
        dismissed ? statistics.dismissals.draw(random) : null);
  }

  /** What people pay depends on what they owe now, and on whether they will pay again. */
  private long payment(String rest) {
    long due = fine.outstandingCents();
    boolean again = rest.indexOf('P') >= 0 || rest.indexOf('K') >= 0;
    if (due <= 1) {
      return random.nextInt(100, 1_000); // nothing was due, and people pay all the same
    }
    if (fine.penalty() != null) {
      return paymentAfterPenalty(due, again);
    }
    if (fine.notified() != null) {
      return percent(68) ? due / 2 : Math.min(due, tariff.cents());
    }
    if (fine.sent() != null) {
      return again || percent(5) ? Math.min(due / 2 + 1, tariff.cents()) : whole(due, 13, 5);
    }
    return again && !path.startsWith("CPS") ? due / 2 : whole(due, 1, 0);
  }

  /** Many pay what was due before the penalty, and some the rest later. */
  private long paymentAfterPenalty(long due, boolean again) {
    boolean first = fine.paidCents() == 0;
    if (again || percent(first ? 26 : 9)) {
      return first && percent(85) ? tariff.cents() + fine.expenseCents() : due / 2;
    }
    return whole(due, 3, 0);
  }

  private long whole(long due, int percentTooMuch, int percentTooLittle) {
    if (percent(percentTooMuch)) {
      return due + random.nextInt(1, 1_000);
    }
    return percent(percentTooLittle) ? due - random.nextInt(1, 100) : due;
  }

  private boolean has(char letter) {
    return path.indexOf(letter) >= 0;
  }

  private @Nullable String code(String code, int percentage) {
    return percent(percentage) ? code : null;
  }

  private boolean percent(int percentage) {
    return random.nextInt(100) < percentage;
  }
}
