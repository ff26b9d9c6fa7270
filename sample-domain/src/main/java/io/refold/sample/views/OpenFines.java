package io.refold.sample.views;

import io.refold.projections.IndexQuery;
import io.refold.projections.Page;
import io.refold.projections.ReadModel;
import io.refold.projections.Row;
import java.util.List;
import java.util.Optional;

/**
 * {@code open-fines}: the fines with something outstanding, in its order. A fine that is settled
 * leaves the index and comes back if expenses or a penalty are added later: 539 real ones were
 * posted when they were paid. That is why this is an index of {@code fine-file} and not rows of its
 * own: a row that is removed forgets what has been paid. Thread-safe.
 */
public final class OpenFines {
  private static final int PAGE = 5_000;

  private final ReadModel<FineFile> files;

  /** Reads from the read model of {@link FineFiles}. */
  public OpenFines(ReadModel<FineFile> files) {
    this.files = files;
  }

  /** Returns how many there are. */
  public long count() {
    return files.count(query());
  }

  /** Returns the fines with most outstanding, the highest first. */
  public List<Row<FineFile>> largest(int limit) {
    return files.query(query().descending().limit(limit)).rows();
  }

  /** Returns the fines with least outstanding, the lowest first. */
  public List<Row<FineFile>> smallest(int limit) {
    return files.query(query().limit(limit)).rows();
  }

  /** Returns the sum of what is outstanding, page by page over all open fines. */
  public long totalCents() {
    long total = 0;
    Optional<Page<FineFile>> page = Optional.of(files.query(query().limit(PAGE)));
    while (page.isPresent()) {
      total += page.get().rows().stream().mapToLong(row -> row.value().outstandingCents()).sum();
      page = page.get().next().map(next -> files.query(query().limit(PAGE).after(next)));
    }
    return total;
  }

  private static IndexQuery query() {
    return IndexQuery.of(FineFiles.BY_OUTSTANDING);
  }
}
