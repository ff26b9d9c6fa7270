package io.refold.projections;

import org.jspecify.annotations.Nullable;

/**
 * Which rows of an index are wanted, and in which order. Rows with equal values are ordered by
 * their keys. Immutable.
 *
 * <pre>{@code
 * IndexQuery.of("outstanding").from(100_00).descending().limit(20)
 * }</pre>
 *
 * @param index the index's name
 * @param min the lowest value, a {@link Long} or a {@link String} like the index; null: no bound
 * @param max the highest value, likewise; null: no bound
 * @param isDescending whether the highest value comes first
 * @param limit how many rows a page has at most
 * @param cursor where the page begins, {@link Page#next()}; null: at the beginning
 */
public record IndexQuery(
    String index,
    @Nullable Comparable<?> min,
    @Nullable Comparable<?> max,
    boolean isDescending,
    int limit,
    @Nullable String cursor) {
  private static final int DEFAULT_LIMIT = 100;

  /**
   * Checks the limit.
   *
   * @throws IllegalArgumentException if it is not within 1 and {@value ReadModel#MAX_PAGE}
   */
  public IndexQuery {
    ReadModel.checkLimit(limit);
  }

  /** Asks for all rows of an index, ascending, 100 at a time. */
  public static IndexQuery of(String index) {
    return new IndexQuery(index, null, null, false, DEFAULT_LIMIT, null);
  }

  /** Asks for rows with exactly this number. */
  public IndexQuery equalTo(long value) {
    return from(value).to(value);
  }

  /** Asks for rows with exactly this text. */
  public IndexQuery equalTo(String value) {
    return from(value).to(value);
  }

  /** Asks for rows with this number or a higher one. */
  public IndexQuery from(long value) {
    return new IndexQuery(index, value, max, isDescending, limit, cursor);
  }

  /** Asks for rows with this text or one behind it. */
  public IndexQuery from(String value) {
    return new IndexQuery(index, value, max, isDescending, limit, cursor);
  }

  /** Asks for rows with this number or a lower one. */
  public IndexQuery to(long value) {
    return new IndexQuery(index, min, value, isDescending, limit, cursor);
  }

  /** Asks for rows with this text or one before it. */
  public IndexQuery to(String value) {
    return new IndexQuery(index, min, value, isDescending, limit, cursor);
  }

  /** Asks for the highest value first. */
  public IndexQuery descending() {
    return new IndexQuery(index, min, max, true, limit, cursor);
  }

  /**
   * Sets how many rows a page has at most, 1 to {@value ReadModel#MAX_PAGE}.
   *
   * @throws IllegalArgumentException if it is not
   */
  public IndexQuery limit(int rows) {
    return new IndexQuery(index, min, max, isDescending, rows, cursor);
  }

  /** Continues behind a page: with its {@link Page#next()}. */
  public IndexQuery after(String next) {
    return new IndexQuery(index, min, max, isDescending, limit, next);
  }
}
