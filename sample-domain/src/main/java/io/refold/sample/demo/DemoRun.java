package io.refold.sample.demo;

import static io.refold.sample.demo.Printout.euros;
import static io.refold.sample.demo.Printout.number;

import io.refold.projections.Projection;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.ReadModel;
import io.refold.projections.Row;
import io.refold.sample.demo.DemoReport.Books;
import io.refold.sample.fine.Activity;
import io.refold.sample.generator.FineGenerator;
import io.refold.sample.load.FineImport;
import io.refold.sample.load.FineSource;
import io.refold.sample.load.ImportResult;
import io.refold.sample.views.FineFile;
import io.refold.sample.views.FineFiles;
import io.refold.sample.views.MonthlyTakings;
import io.refold.sample.views.OpenFines;
import io.refold.sample.views.Takings;
import io.refold.sample.views.Variants;
import io.refold.sample.views.Variants.Variant;
import io.refold.sample.xes.FineLog;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The demo from the first step to the last. */
public final class DemoRun {
  private static final int TOP = 8;
  private static final int SHOWN_OPEN_FINES = 3;

  private final DemoOptions options;
  private final Printout out;
  private final Projection<FineFile> fineFiles = new FineFiles();
  private final Projection<Takings> monthlyTakings = new MonthlyTakings();

  /** Prepares a run that prints to a stream. */
  public DemoRun(DemoOptions options, PrintStream out) {
    this.options = options;
    this.out = new Printout(out);
  }

  /**
   * Runs all steps.
   *
   * @return whether all checks held
   * @throws IOException if the report cannot be written
   * @throws InterruptedException if the thread is interrupted
   * @throws io.refold.sample.xes.UnreadableLogException if the log cannot be read
   * @throws io.refold.eventstore.EventStoreException if the server cannot be used
   */
  public boolean run() throws IOException, InterruptedException {
    out.step("A Redis server", "The only thing that Refold needs.");
    try (var server = DemoServer.open(options.redis())) {
      out.line(
          (server.isEmbedded()
                  ? "an embedded one at %s, append-only file on; it ends with the demo"
                  : "yours at %s")
              .formatted(server.url()));
      server.events().warnings().forEach(warning -> out.line("note: " + warning));
      boolean good = run(server);
      if (!server.isEmbedded()) {
        out.line(
            "Everything of this run is in the namespace %s; to remove it:"
                .formatted(server.namespace()));
        out.line(
            "redis-cli -u %s --scan --pattern '*%s:*' | xargs redis-cli -u %s unlink"
                .formatted(server.url(), server.namespace(), server.url()));
      }
      return good;
    }
  }

  private boolean run(DemoServer server) throws IOException, InterruptedException {
    var store = server.projections();
    List<Projection<?>> projections = List.of(fineFiles, monthlyTakings);
    try (var workers = ProjectionWorkers.on(store).add(fineFiles).add(monthlyTakings).start()) {
      var rebuilds = new Rebuilds(out, store, workers, projections);
      ImportResult imported = importFines(server, rebuilds);

      ReadModel<FineFile> files = store.readModel(fineFiles);
      Books books = Books.read(files, store.readModel(monthlyTakings));
      printBooks(books, files);
      printStory(server, books, files);
      refuse(server, books, files);

      out.step(
          "Rebuilding every read model from the first event",
          """
          Beside the rows that are being read; then one switch. Every row before is compared with
          every row after.\
          """);
      Rebuilds.Outcome outcome = rebuilds.run();
      var report =
          DemoReport.of(
              books, imported, outcome.rebuilt(), outcome.differing(), server.grownBytes());
      report.write(options.report());
      return conclude(report, outcome);
    }
  }

  private ImportResult importFines(DemoServer server, Rebuilds rebuilds)
      throws InterruptedException {
    FineSource source = options.log().<FineSource>map(FineLog::new).orElseGet(this::generator);
    out.step(
        options
            .log()
            .map(file -> "Importing " + file.getFileName())
            .orElse("Importing %s made-up fines".formatted(number(options.fines()))),
        """
        Nothing is copied: every step of every fine is a command that the domain checks, and its
        event is appended to the fine's own stream. Two projections follow while that happens.\
        """);
    long total = options.log().isPresent() ? 0 : options.fines();
    ImportResult imported;
    try (var bar = out.progress("import", "fines")) {
      imported = new FineImport(server.events()).run(source, at -> bar.at(at.fines(), total));
    }
    long start = System.nanoTime();
    rebuilds.awaitCaughtUp();
    out.line(
        "%s commands for %s fines in %.1f s: %s a second; the read models were %.1f s behind"
            .formatted(
                number(imported.commands()),
                number(imported.fines()),
                imported.elapsed().toNanos() / 1e9,
                number(Math.round(imported.commandsPerSecond())),
                (System.nanoTime() - start) / 1e9));
    if (imported.rejected() == 0) {
      out.line("refused: none");
    } else {
      out.table(
          List.of("refused by rule", "commands#", "for instance"),
          imported.rejections().entrySet().stream()
              .map(rule ->
                  List.of(
                      rule.getKey(), number(rule.getValue().count()), rule.getValue().example()))
              .toList());
    }
    return imported;
  }

  private FineSource generator() {
    return new FineGenerator(options.seed(), options.fines());
  }

  private void printBooks(Books books, ReadModel<FineFile> files) {
    out.step("What the read models say", "fine-file knows every fine:");
    out.table(
        List.of("fines#", "events#", "paths#", "open fines#", "outstanding, EUR#"),
        List.of(
            List.of(
                number(books.fines()),
                number(books.events()),
                number(books.variants().size()),
                number(books.openFines()),
                euros(books.outstandingCents()))));
    out.line("variants, the most frequent paths (an index of fine-file):");
    out.table(
        List.of("fines#", "share#", "path"),
        books.variants().stream()
            .limit(TOP)
            .map(variant ->
                List.of(
                    number(variant.fines()),
                    "%.1f%%".formatted(100.0 * variant.fines() / books.fines()),
                    path(variant.activities())))
            .toList());
    out.line("monthly-takings, months added up to years here:");
    var years = new TreeMap<String, Takings>();
    books
        .takings()
        .forEach((month, takings) -> years.merge(month.substring(0, 4), takings, Takings::plus));
    out.table(
        List.of("year", "fines#", "written, EUR#", "payments#", "paid, EUR#"),
        years.entrySet().stream()
            .map(year ->
                List.of(
                    year.getKey(),
                    number(year.getValue().fines()),
                    euros(year.getValue().createdCents()),
                    number(year.getValue().payments()),
                    euros(year.getValue().paidCents())))
            .toList());
    out.line("open-fines, most and least outstanding (another index of fine-file):");
    var open = new OpenFines(files);
    var rows = new ArrayList<List<String>>();
    open.largest(SHOWN_OPEN_FINES).forEach(row -> rows.add(openFine(row)));
    open.smallest(SHOWN_OPEN_FINES).reversed().forEach(row -> rows.add(openFine(row)));
    out.table(List.of("fine", "outstanding, EUR#", "status", "path"), rows);
  }

  private static List<String> openFine(Row<FineFile> row) {
    FineFile file = row.value();
    return List.of(
        row.key(),
        euros(file.outstandingCents()),
        file.status().toString(),
        path(file.activities()));
  }

  private static String path(List<Activity> activities) {
    return activities.stream()
        .map(activity -> activity.name().toLowerCase(Locale.ROOT).replace('_', ' '))
        .collect(Collectors.joining(" > "));
  }

  private void printStory(DemoServer server, Books books, ReadModel<FineFile> files) {
    Variant variant = FineStory.mostEventful(books.variants());
    Row<FineFile> row = new Variants(files).finesOf(variant.trace(), 1).getFirst();
    out.step(
        "Fine " + row.key() + ", version by version",
        "Its stream is its whole history: state is folded from events, never stored in their"
            + " place.");
    FineStory.print(out, server.events(), row.key());
    out.line(
        "in fine-file: %s, %s outstanding"
            .formatted(row.value().status(), euros(row.value().outstandingCents())));
  }

  private void refuse(DemoServer server, Books books, ReadModel<FineFile> files) {
    var refusals = new Refusals(out, server.events());
    out.step(
        "Commands that are refused", "Nothing is written, and the answer says which rule and why.");
    char collected = Activity.COLLECT.letter();
    Variant variant =
        books.variants().stream()
            .filter(candidate -> candidate.trace().indexOf(collected) > 0)
            .findFirst()
            .orElse(books.variants().getFirst());
    refusals.rejected(new Variants(files).finesOf(variant.trace(), 1).getFirst().key());
    refusals.invalid();

    out.step(
        "Two writers, one fine",
        """
        An append names the version that it was decided on. Who comes too late decides again, on
        what has happened meanwhile. (Rehearsed beside the imported fines.)\
        """);
    refusals.conflict();
  }

  private boolean conclude(DemoReport report, Rebuilds.Outcome outcome) {
    out.step("Result", "All figures are in " + options.report());
    out.line(
        "rebuild: %s events in %.1f s, %s a second"
            .formatted(
                number(outcome.rebuilt().events()),
                outcome.rebuilt().seconds(),
                number(Math.round(outcome.rebuilt().eventsPerSecond()))));
    out.line(
        "memory:  %s bytes an event, history and read models together"
            .formatted(number(report.redisBytes() / Math.max(1, report.events()))));
    boolean good = outcome.differing() == 0;
    out.line(
        (good
                ? "check:   all %s rows are the same as before the rebuild"
                : "check:   FAILED, %2$s of %1$s rows are not the same as before the rebuild")
            .formatted(number(outcome.rows()), number(outcome.differing())));
    return good;
  }
}
