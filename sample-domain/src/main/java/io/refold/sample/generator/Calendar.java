package io.refold.sample.generator;

import java.time.LocalDate;
import java.time.YearMonth;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Dates for a path: gaps as in real life, cut so that the domain's time limits are kept. Used once.
 */
final class Calendar {
  private static final int DAYS_TO_PAY = 60;
  private static final int DAYS_TO_COLLECTION = 209;
  private static final int QUIET_DAYS_BEFORE_COLLECTION = 34;
  private static final int DAYS_TO_DECIDE = 20;

  private final String path;
  private final Statistics statistics;
  private final RandomGenerator random;
  private final List<LocalDate> dates = new ArrayList<>();

  Calendar(String path, Statistics statistics, RandomGenerator random) {
    this.path = path;
    this.statistics = statistics;
    this.random = random;
  }

  List<LocalDate> draw() {
    YearMonth month = statistics.months.draw(random);
    dates.add(month.atDay(random.nextInt(1, month.lengthOfMonth() + 1)));
    for (int i = 1; i < path.length(); i++) {
      dates.add(date(i));
    }
    return dates;
  }

  private LocalDate date(int i) {
    char activity = path.charAt(i);
    LocalDate previous = dates.getLast();
    return switch (activity) {
      case 'A' -> of('N').plusDays(DAYS_TO_PAY);
      case 'K' ->
          statistics.collectionFrom(
              later(
                  of('A').plusDays(DAYS_TO_COLLECTION),
                  previous.plusDays(QUIET_DAYS_BEFORE_COLLECTION)));
      default -> {
        int gap = statistics.gapDays(path.charAt(i - 1), activity, random);
        yield beforePenalty(i, later(previous.plusDays(gap), earliest(activity, previous)));
      }
    };
  }

  /** The first day that the domain's rules leave open. */
  private LocalDate earliest(char activity, LocalDate previous) {
    return switch (activity) {
      case 'D', 'J' -> dates.getFirst().plusDays(1);
      case 'P' -> previous.plusDays(path.charAt(dates.size() - 1) == 'P' ? 1 : 0);
      case 'R' -> {
        LocalDate decided = later(of('D').plusDays(1), of('F').plusDays(1));
        yield later(decided, of('N').plusDays(DAYS_TO_DECIDE));
      }
      default -> previous;
    };
  }

  /** Between notification and penalty there are 60 days; leaves one to each activity to come. */
  private LocalDate beforePenalty(int i, LocalDate drawn) {
    int notified = path.indexOf('N');
    int penalty = path.indexOf('A');
    if (i <= notified || i >= penalty) {
      return drawn;
    }
    LocalDate latest = of('N').plusDays(DAYS_TO_PAY - (penalty - i));
    return drawn.isBefore(latest) ? drawn : latest;
  }

  /** The date of an activity that has one, else of the creation. */
  private LocalDate of(char activity) {
    int i = path.indexOf(activity);
    return dates.get(i < 0 || i >= dates.size() ? 0 : i);
  }

  private static LocalDate later(LocalDate one, LocalDate other) {
    return one.isAfter(other) ? one : other;
  }
}
