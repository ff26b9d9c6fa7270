package io.refold.sample.demo;

import io.refold.projections.ReadModel;
import io.refold.projections.Row;
import io.refold.sample.fine.Activity;
import io.refold.sample.load.ImportResult;
import io.refold.sample.views.FineFile;
import io.refold.sample.views.OpenFines;
import io.refold.sample.views.Takings;
import io.refold.sample.views.Variants;
import io.refold.sample.views.Variants.Variant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The figures of a run. All about fines is read from the read models; the rest is measured.
 *
 * @param fines rows of {@code fine-file}
 * @param events activities in their traces
 * @param rejected commands that were refused during the import
 * @param activities how often each happened
 * @param variants how many different paths there are
 * @param topVariants the most frequent ones
 * @param createdCents the sum of all fines as written
 * @param paidCents the sum of all payments
 * @param openFines how many fines have something outstanding
 * @param outstandingCents the sum of that; what others paid too much is not subtracted
 * @param monthlyTakings month ({@code YYYY-MM}) to cents paid
 * @param importSeconds from the first command to the last reply
 * @param commandsPerSecond over that time
 * @param rebuild of all read models, one after the other
 * @param differingRowsAfterRebuild rows that were not the same before and after
 * @param redisBytes by how much the server's memory grew, read models included
 */
public record DemoReport(
    long fines,
    long events,
    long rejected,
    Map<String, Long> activities,
    int variants,
    List<TopVariant> topVariants,
    long createdCents,
    long paidCents,
    long openFines,
    long outstandingCents,
    Map<String, Long> monthlyTakings,
    double importSeconds,
    double commandsPerSecond,
    Rebuilt rebuild,
    long differingRowsAfterRebuild,
    long redisBytes) {
  private static final int TOP = 20;

  /**
   * A path and how many fines took it.
   *
   * @param path its activities, in order
   * @param count the fines
   */
  public record TopVariant(List<String> path, long count) {}

  /**
   * What rebuilding took.
   *
   * @param events events that were read again, over all read models
   * @param seconds how long it took
   * @param eventsPerSecond the rate
   */
  public record Rebuilt(long events, double seconds, double eventsPerSecond) {}

  /** What the read models say at one moment. */
  record Books(
      long fines,
      List<Variant> variants,
      Map<String, Takings> takings,
      long openFines,
      long outstandingCents) {
    static Books read(ReadModel<FineFile> files, ReadModel<Takings> takings) {
      var months = new TreeMap<String, Takings>();
      takings.stream().forEach((Row<Takings> row) -> months.put(row.key(), row.value()));
      var open = new OpenFines(files);
      return new Books(
          files.count(), new Variants(files).all(), months, open.count(), open.totalCents());
    }

    long events() {
      return variants.stream().mapToLong(v -> v.fines() * v.trace().length()).sum();
    }

    Map<Activity, Long> activities() {
      var counts = new TreeMap<Activity, Long>();
      for (Variant variant : variants) {
        variant
            .activities()
            .forEach(activity -> counts.merge(activity, variant.fines(), Long::sum));
      }
      return counts;
    }

    long createdCents() {
      return takings.values().stream().mapToLong(Takings::createdCents).sum();
    }

    long paidCents() {
      return takings.values().stream().mapToLong(Takings::paidCents).sum();
    }
  }

  static DemoReport of(
      Books books, ImportResult imported, Rebuilt rebuilt, long differing, long bytes) {
    var activities = new LinkedHashMap<String, Long>();
    books.activities().forEach((activity, count) -> activities.put(activity.title(), count));
    var monthly = new LinkedHashMap<String, Long>();
    books.takings().forEach((month, takings) -> monthly.put(month, takings.paidCents()));
    return new DemoReport(
        books.fines(),
        books.events(),
        imported.rejected(),
        activities,
        books.variants().size(),
        books.variants().stream()
            .limit(TOP)
            .map(variant ->
                new TopVariant(
                    variant.activities().stream().map(Activity::title).toList(), variant.fines()))
            .toList(),
        books.createdCents(),
        books.paidCents(),
        books.openFines(),
        books.outstandingCents(),
        monthly,
        imported.elapsed().toNanos() / 1e9,
        imported.commandsPerSecond(),
        rebuilt,
        differing,
        bytes);
  }

  void write(Path file) throws IOException {
    Path directory = file.toAbsolutePath().getParent();
    if (directory != null) {
      Files.createDirectories(directory);
    }
    JsonMapper json = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    Files.writeString(file, json.writeValueAsString(this) + "\n");
  }
}
