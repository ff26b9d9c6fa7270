package io.refold.sample.chaos;

import io.refold.sample.chaos.Findings.Kind;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * Starts servers, writers and workers, makes faults, and audits. Leaves no process, file or port
 * behind, however it ends.
 */
public final class ChaosRun {
  static final String NAMESPACE = "chaos";
  private static final Duration LONGEST_CYCLE = Duration.ofSeconds(15);
  private static final Duration LONGEST_START = Duration.ofSeconds(60);

  private ChaosRun() {}

  /**
   * Runs.
   *
   * @param out gets a line every few cycles, what was found, and a last line with the figures
   * @return whether every promise was kept
   * @throws IOException if servers, processes or faults cannot be made
   * @throws InterruptedException if the thread is interrupted
   */
  public static boolean run(ChaosOptions options, PrintStream out)
      throws IOException, InterruptedException {
    out.printf("chaos: seed %d%n", options.seed());
    Path directory = Files.createTempDirectory("refold-chaos");
    try (var watchdog = new Watchdog()) {
      var exit = new Thread(() -> end(watchdog, directory), "chaos-exit");
      Runtime.getRuntime().addShutdownHook(exit);
      try (Servers servers = options.cluster() ? new Cluster(watchdog) : new OneServer(watchdog);
          var crew = new Crew(directory, servers.url(), NAMESPACE, options.seed(), watchdog)) {
        var controller =
            new Controller(
                new FaultSchedule(options.seed(), servers::knows),
                servers,
                new Outside(NAMESPACE, servers),
                crew,
                out);
        int cycles =
            controller.run(
                options.cycles(), LONGEST_START.plus(LONGEST_CYCLE.multipliedBy(options.cycles())));
        out.println(line(cycles, controller.acknowledged(), controller.findings(), options));
        return controller.findings().clean();
      } finally {
        Runtime.getRuntime().removeShutdownHook(exit);
      }
    } finally {
      delete(directory);
    }
  }

  private static String line(
      int cycles, long acknowledged, Findings findings, ChaosOptions options) {
    int stuck = findings.count(Kind.STUCK);
    return "chaos cycles=%d acknowledged=%d lost=%d duplicated=%d reordered=%d differing_rows=%d%s seed=%d"
        .formatted(
            cycles,
            acknowledged,
            findings.count(Kind.LOST),
            findings.count(Kind.DUPLICATED),
            findings.count(Kind.REORDERED),
            findings.count(Kind.DIFFERING_ROWS),
            stuck == 0 ? "" : " stuck=" + stuck,
            options.seed());
  }

  private static void end(Watchdog watchdog, Path directory) {
    watchdog.close();
    try {
      delete(directory);
    } catch (IOException e) {
      // the system cleans its directory for temporary files
    }
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }
}
