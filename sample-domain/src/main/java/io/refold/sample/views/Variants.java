package io.refold.sample.views;

import io.refold.projections.IndexQuery;
import io.refold.projections.ReadModel;
import io.refold.projections.Row;
import io.refold.sample.fine.Activity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * {@code variants}: how many fines took which path. A query over {@code fine-file}, whose index by
 * trace holds the answer: the path of a fine changes with each of its events, so counters would
 * have to know each fine's path before. Thread-safe.
 */
public final class Variants {
  private final ReadModel<FineFile> files;

  /** Reads from the read model of {@link FineFiles}. */
  public Variants(ReadModel<FineFile> files) {
    this.files = files;
  }

  /**
   * A path and its fines.
   *
   * @param trace its activities, a letter each
   * @param fines how many took it
   */
  public record Variant(String trace, long fines) {
    /** Returns its activities, in order. */
    public List<Activity> activities() {
      return Activity.ofTrace(trace);
    }
  }

  /** Returns all paths, the most frequent first: two short reads for each, however many fines. */
  public List<Variant> all() {
    var variants = new ArrayList<Variant>();
    IndexQuery query = IndexQuery.of(FineFiles.BY_TRACE).limit(1);
    List<Row<FineFile>> next = files.query(query).rows();
    while (!next.isEmpty()) {
      String trace = next.getFirst().value().trace();
      long fines = files.count(IndexQuery.of(FineFiles.BY_TRACE).equalTo(trace));
      variants.add(new Variant(trace, fines));
      next = files.query(query.from(trace + '\u0001')).rows(); // the next trace, whatever it is
    }
    variants.sort(
        Comparator.comparingLong(Variant::fines).reversed().thenComparing(Variant::trace));
    return variants;
  }

  /** Returns some of the fines that took a path. */
  public List<Row<FineFile>> finesOf(String trace, int limit) {
    return files.query(IndexQuery.of(FineFiles.BY_TRACE).equalTo(trace).limit(limit)).rows();
  }
}
