package io.refold.sample.chaos;

import io.refold.sample.chaos.Findings.Kind;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * Makes faults, cycle by cycle, and audits after every few of them. Every wait ends, if need be as
 * a finding.
 */
final class Controller {
  private static final int CYCLES_OF_A_ROUND = 5;
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration FENCE = Duration.ofSeconds(15);
  private static final Duration LOOK = Duration.ofMillis(100);
  private static final long AGAIN = Duration.ofSeconds(15).toNanos();
  private static final int LINE = 500;
  private static final int LOG_LINES = 4;

  private final FaultSchedule schedule;
  private final Servers servers;
  private final Outside outside;
  private final Crew crew;
  private final PrintStream out;
  private final Findings findings = new Findings();
  private final List<String> happened = new ArrayList<>();
  private long acknowledged;

  Controller(FaultSchedule schedule, Servers servers, Outside outside, Crew crew, PrintStream out) {
    this.schedule = schedule;
    this.servers = servers;
    this.outside = outside;
    this.crew = crew;
    this.out = out;
  }

  /**
   * Runs cycles until all are done, something is found, or the time is over.
   *
   * @return how many cycles were done
   */
  int run(int cycles, Duration longest) throws IOException, InterruptedException {
    long end = System.nanoTime() + longest.toNanos();
    awaitWriters(0);
    int done = 0;
    while (done < cycles && findings.clean()) {
      cycle(done);
      done++;
      boolean over = System.nanoTime() > end;
      if (!findings.clean() || done % CYCLES_OF_A_ROUND == 0 || done == cycles || over) {
        audit(done);
      }
      if (over) {
        out.printf("chaos: the time is over after %d of %d cycles%n", done, cycles);
        break;
      }
    }
    if (!findings.clean()) {
      report();
    }
    return done;
  }

  /** Returns what was found. */
  Findings findings() {
    return findings;
  }

  /** Returns how many commands were acknowledged. */
  long acknowledged() {
    return acknowledged;
  }

  private void cycle(int number) throws IOException, InterruptedException {
    List<Fault> faults = schedule.cycle(number);
    happened.add("cycle %d: %s".formatted(number + 1, faults));
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      var running = new ArrayList<Future<?>>();
      for (Fault fault : faults) {
        running.add(
            executor.submit(() -> {
              Thread.sleep(fault.at());
              suffer(fault);
              return null;
            }));
      }
      for (Future<?> future : running) {
        future.get();
      }
    } catch (ExecutionException e) {
      throw new IOException("a fault of cycle %d cannot be made".formatted(number + 1), e);
    }
    awaitWriters(number + 1);
    crew.dead().forEach(dead -> findings.add(Kind.STUCK, dead));
  }

  private void suffer(Fault fault) throws IOException, InterruptedException {
    switch (fault.kind()) {
      case WORKER_KILL -> crew.killWorker(fault.target());
      case WORKER_PAUSE -> crew.pauseWorker(fault.target(), fault.length());
      case WRITER_KILL -> crew.killWriter(fault.target());
      case WRITER_PAUSE -> crew.pauseWriter(fault.target(), fault.length());
      case REBUILD -> crew.tellWorker(fault.target(), rebuild(fault.target()));
      case VERIFY -> crew.tellWorker(fault.target(), verify(fault.target()));
      case SERVER_CRASH, SERVER_PAUSE, CUT, SWALLOW, DELAY, SCRIPTS, MOVE ->
          servers.suffer(fault.kind(), fault.target(), fault.length());
    }
  }

  private static String rebuild(int target) {
    return WorkerProcess.REBUILD
        + switch (target / 10 % 3) {
          case 0 -> " " + Balances.NAME;
          case 1 -> " " + Totals.NAME;
          default -> " " + Balances.NAME + " " + Totals.NAME;
        };
  }

  private static String verify(int target) {
    return WorkerProcess.VERIFY + " " + (target / 10 % 2 == 0 ? Balances.NAME : Totals.NAME);
  }

  private interface Condition {
    boolean holds() throws IOException;
  }

  private static boolean await(Condition condition) throws InterruptedException {
    return await(PATIENCE, condition);
  }

  private static boolean await(Duration longest, Condition condition) throws InterruptedException {
    long end = System.nanoTime() + longest.toNanos();
    while (true) {
      try {
        if (condition.holds()) {
          return true;
        }
      } catch (IOException e) {
        // a server that has just been started does not answer yet
      }
      if (System.nanoTime() > end) {
        return false;
      }
      Thread.sleep(LOOK);
    }
  }

  /** No caller hangs: each writer gets an answer soon after all faults are over. */
  private void awaitWriters(int cycle) throws IOException, InterruptedException {
    List<Long> before = crew.written();
    boolean answered = await(() -> grown(before, crew.written()));
    if (!answered) {
      findings.add(
          Kind.STUCK, "after cycle %d not all writers go on: %s".formatted(cycle, crew.written()));
    }
  }

  private static boolean grown(List<Long> before, List<Long> now) {
    return now.size() == Crew.JOURNALS
        && IntStream.range(0, before.size()).allMatch(i -> now.get(i) > before.get(i));
  }

  /** Has a verification's fence meet commits: that takes longer than a cycle. */
  private void verifyAtWork() throws InterruptedException {
    await(FENCE, () -> !outside.fills(Balances.NAME));
    crew.tellWorker(0, WorkerProcess.VERIFY + " " + Balances.NAME);
    if (await(FENCE, () -> outside.fills(Balances.NAME))) {
      await(FENCE, () -> !outside.fills(Balances.NAME));
    }
  }

  /** Waits until all work is done, and audits; then the writers go on. */
  private void audit(int cycle) throws IOException, InterruptedException {
    if (cycle % CYCLES_OF_A_ROUND == 0) {
      verifyAtWork();
    }
    crew.quiet();
    if (!await(crew::isQuiet)) {
      findings.add(Kind.STUCK, "after cycle %d commands stay open".formatted(cycle));
    }
    boolean done = awaitDone();
    int parked = outside.progress().parked().size();
    crew.cure(); // not before: a verification under way would see rows that are not cured yet
    boolean cured = done && awaitCured();
    if (cured) {
      awaitUndisturbed(cycle);
    }
    if (!cured) {
      outside.progress().open().forEach(open -> findings.add(Kind.STUCK, open));
      outside
          .progress()
          .parked()
          .forEach(left -> findings.add(Kind.STUCK, "parked: %s".formatted(left)));
    }
    Journal.Notes notes = crew.notes();
    notes.complaints().stream()
        .filter(line -> !servers.mayLose() || complaint(line) == Kind.STUCK)
        .forEach(line -> findings.add(complaint(line), line));
    crew.differing()
        .forEach(
            found -> findings.add(Kind.DIFFERING_ROWS, "a verification says %s".formatted(found)));
    Audit.run(outside.history(), notes.claims(), crew.effects(), servers.mayLose(), findings);
    long before = acknowledged;
    acknowledged = notes.claims().stream().filter(Journal.Claim::acknowledged).count();
    if (acknowledged <= before) {
      findings.add(Kind.STUCK, "after cycle %d nothing more is acknowledged".formatted(cycle));
    }
    out.printf(
        "chaos: %d cycles, %d acknowledged, %d replies lost, %d parked, %s%n",
        cycle, acknowledged, notes.unknown(), parked, findings.clean() ? "all is well" : "broken");
    if (findings.clean()) {
      happened.clear();
      crew.go();
    }
  }

  /** Tells what was found, after which faults, and what the processes have logged. */
  private void report() throws IOException {
    happened.forEach(out::println);
    crew.logs(LOG_LINES).forEach(line -> out.println(shortened(line)));
    findings.facts().forEach(fact -> out.println(shortened(fact)));
  }

  private static String shortened(String line) {
    return line.length() <= LINE ? line : line.substring(0, LINE) + "…";
  }

  /** Waits until all work is done; takes the way back where history was lost that may be lost. */
  private boolean awaitDone() throws InterruptedException {
    var repaired = new HashMap<String, Long>();
    return await(() -> {
      Outside.Progress progress = outside.progress();
      for (String lost : progress.lost()) {
        long now = System.nanoTime();
        if (servers.mayLose() && now - repaired.getOrDefault(lost, now - 2 * AGAIN) > AGAIN) {
          repaired.put(lost, now);
          boolean reaction = List.of(WorkerProcess.ECHOES, WorkerProcess.EFFECTS).contains(lost);
          crew.tellWorker(0, (reaction ? WorkerProcess.ANEW : WorkerProcess.REBUILD) + " " + lost);
        }
      }
      return progress.done();
    });
  }

  /** With all faults over, a rebuild and a verification go through, whatever others have met. */
  private void awaitUndisturbed(int cycle) throws InterruptedException {
    for (String what : List.of(WorkerProcess.REBUILD, WorkerProcess.VERIFY)) {
      for (String name : List.of(Balances.NAME, Totals.NAME)) {
        String order = what + " " + name;
        crew.forgetDone();
        long[] asked = {System.nanoTime() - AGAIN};
        boolean done =
            await(() -> {
              if (System.nanoTime() - asked[0] >= AGAIN) { // an earlier one may be under way
                asked[0] = System.nanoTime();
                crew.tellWorker(0, order);
              }
              return crew.isDone(order);
            });
        if (!done) {
          findings.add(Kind.STUCK, "after cycle %d no %s goes through".formatted(cycle, order));
        }
      }
    }
  }

  /** Has what is parked tried again until nothing is parked; meanwhile, workers change once. */
  private boolean awaitCured() throws IOException, InterruptedException {
    crew.tellWorker(0, WorkerProcess.RETRY + " " + Balances.NAME + " " + Totals.NAME);
    Thread.sleep(LOOK);
    crew.killWorker(1);
    long[] asked = {System.nanoTime()};
    return await(() -> {
      Outside.Progress progress = outside.progress();
      if (!progress.parked().isEmpty() && System.nanoTime() - asked[0] > AGAIN) {
        asked[0] = System.nanoTime();
        crew.tellWorker(0, WorkerProcess.RETRY + " " + Balances.NAME + " " + Totals.NAME);
      }
      return progress.done() && progress.parked().isEmpty();
    });
  }

  private static Kind complaint(String line) {
    return line.startsWith("stale") ? Kind.DIFFERING_ROWS : Kind.STUCK;
  }
}
