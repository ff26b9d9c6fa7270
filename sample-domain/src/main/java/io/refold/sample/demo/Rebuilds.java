package io.refold.sample.demo;

import io.refold.projections.Projection;
import io.refold.projections.ProjectionStatus;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.Rebuild;
import io.refold.projections.RebuildProgress;
import io.refold.projections.Row;
import io.refold.projections.Verification;
import io.refold.sample.demo.DemoReport.Rebuilt;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Waits for read models, rebuilds them, compares every row before and after, and verifies the rows
 * that are live then.
 */
final class Rebuilds {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration STALLED = Duration.ofMinutes(2);

  private final Printout out;
  private final ProjectionStore store;
  private final ProjectionWorkers workers;
  private final List<Projection<?>> projections;

  Rebuilds(
      Printout out,
      ProjectionStore store,
      ProjectionWorkers workers,
      List<Projection<?>> projections) {
    this.out = out;
    this.store = store;
    this.workers = workers;
    this.projections = projections;
  }

  /**
   * What a rebuild of all read models gave.
   *
   * @param rebuilt what it took
   * @param rows how many rows were compared
   * @param differing how many of them were not the same
   */
  record Outcome(Rebuilt rebuilt, long rows, long differing) {}

  /**
   * Waits until every projection has applied every event.
   *
   * @throws IllegalStateException if one does not go on
   * @throws InterruptedException if the thread is interrupted
   */
  void awaitCaughtUp() throws InterruptedException {
    for (Projection<?> projection : projections) {
      long least = Long.MAX_VALUE;
      long since = System.nanoTime();
      ProjectionStatus status = store.status(projection);
      while (!status.caughtUp()) {
        Optional<String> error =
            status.partitions().stream().flatMap(p -> p.error().stream()).findFirst();
        if (status.lag() < least) {
          least = status.lag();
          since = System.nanoTime();
        } else if (error.isPresent() || System.nanoTime() - since > STALLED.toNanos()) {
          throw new IllegalStateException(
              "projection '%s' does not go on: %s".formatted(projection.name(), status));
        }
        Thread.sleep(POLL);
        status = store.status(projection);
      }
    }
  }

  Outcome run() throws InterruptedException {
    long events = 0;
    long nanos = 0;
    long rows = 0;
    long differing = 0;
    for (Projection<?> projection : projections) {
      Map<String, Object> before = rows(projection);
      long start = System.nanoTime();
      RebuildProgress done = rebuild(projection);
      long took = System.nanoTime() - start;
      Map<String, Object> after = rows(projection);
      long differences = differences(before, after);
      out.line(
          "%-16s %s events in %.1f s, %s rows, %s of them differ"
              .formatted(
                  projection.name(),
                  Printout.number(done.events()),
                  took / 1e9,
                  Printout.number(after.size()),
                  differences == 0 ? "none" : Printout.number(differences)));
      Verification verified = workers.verify(projection).await();
      out.line(
          "%-16s verified against history folded afresh: %s rows compared, %s, updates stood still %d ms"
              .formatted(
                  "",
                  Printout.number(verified.rows()),
                  verified.clean() ? "all as they should be" : verified.differing(),
                  verified.stoodStill().toMillis()));
      events += done.events();
      nanos += took;
      rows += after.size();
      differing += differences + verified.differing().size() + verified.entries().size();
    }
    double seconds = nanos / 1e9;
    return new Outcome(new Rebuilt(events, seconds, events / seconds), rows, differing);
  }

  private RebuildProgress rebuild(Projection<?> projection) throws InterruptedException {
    Rebuild rebuild = workers.rebuild(projection);
    try (var bar = out.progress(projection.name(), "events")) {
      Optional<RebuildProgress> result = rebuild.await(POLL);
      while (result.isEmpty()) {
        bar.at(rebuild.progress().events(), rebuild.progress().total());
        result = rebuild.await(POLL);
      }
      bar.at(result.get().events(), result.get().total());
      return result.get();
    }
  }

  private Map<String, Object> rows(Projection<?> projection) {
    var rows = new HashMap<String, Object>();
    store.readModel(projection).stream()
        .forEach((Row<?> row) -> rows.put(row.key(), Objects.requireNonNull(row.value())));
    return rows;
  }

  /** Counts rows that are only in one of both, or not the same in both. */
  static long differences(Map<String, Object> before, Map<String, Object> after) {
    long gone = before.keySet().stream().filter(key -> !after.containsKey(key)).count();
    return gone
        + after.entrySet().stream()
            .filter(row -> !row.getValue().equals(before.get(row.getKey())))
            .count();
  }
}
