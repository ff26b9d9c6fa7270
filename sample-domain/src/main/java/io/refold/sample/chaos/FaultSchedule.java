package io.refold.sample.chaos;

import io.refold.sample.chaos.Fault.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;

/** Says what happens in which cycle, the same for the same seed. Immutable. */
final class FaultSchedule {
  private static final int LATEST_MILLIS = 1_500;
  private static final List<Kind> TASKS = List.of(Kind.REBUILD, Kind.VERIFY);

  private final long seed;
  private final List<Kind> kinds;

  /**
   * Makes one.
   *
   * @param possible tells which kinds of faults can be made
   */
  FaultSchedule(long seed, Predicate<Kind> possible) {
    this.seed = seed;
    kinds =
        List.of(Kind.values()).stream()
            .filter(possible)
            .filter(kind -> !TASKS.contains(kind))
            .toList();
  }

  /**
   * Returns what happens in a cycle, in the order of time: a rebuild, a verification or both, and
   * two faults. As many cycles as there are kinds of faults see every kind.
   *
   * @param number the cycle, from 0
   */
  List<Fault> cycle(int number) {
    var turns = new ArrayList<>(kinds);
    Collections.shuffle(turns, new Random(31 * seed + number / kinds.size()));
    var random = new Random(31 * (31 * seed + 7) + number);
    var faults = new ArrayList<Fault>();
    faults.add(fault(turns.get(number % kinds.size()), random));
    faults.add(fault(kinds.get(random.nextInt(kinds.size())), random));
    int tasks = random.nextInt(4);
    if (tasks != 1) {
      faults.add(fault(Kind.VERIFY, random));
    }
    if (tasks < 2) {
      faults.add(fault(Kind.REBUILD, random));
    }
    faults.sort(Comparator.comparing(Fault::at));
    return List.copyOf(faults);
  }

  private static Fault fault(Kind kind, Random random) {
    int longest =
        switch (kind) {
          case SERVER_PAUSE -> random.nextInt(5) == 0 ? 6_000 : 1_500;
          case WORKER_PAUSE -> (int) WorkerProcess.LEASE.toMillis() * 5 / 2;
          case WRITER_PAUSE, DELAY, MOVE -> 1_500;
          case SWALLOW -> 300;
          case SERVER_CRASH, WORKER_KILL, WRITER_KILL, CUT, SCRIPTS, REBUILD, VERIFY -> 0;
        };
    int least = longest * 3 / 5;
    int millis = longest == 0 ? 0 : random.nextInt(least, longest);
    return new Fault(
        kind,
        random.nextInt(1_000),
        Duration.ofMillis(random.nextInt(LATEST_MILLIS)),
        Duration.ofMillis(millis));
  }
}
