package io.refold.projections.sql;

import io.refold.eventstore.Category;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.StreamMark;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * A category whose events a SQL projection wants, and the code that writes what they change. The
 * code runs in the transaction that moves the checkpoint: it must not commit, and has no effect but
 * on that connection, because the transaction may be rolled back and run again. Immutable;
 * thread-safe if the code is.
 */
public final class SqlSource {
  private final Category<?> category;
  private final boolean shared;
  private final Step step;
  private final @Nullable WhenDeleted deleted;
  private final @Nullable WhenForgotten forgotten;

  private SqlSource(
      Category<?> category,
      boolean shared,
      Step step,
      @Nullable WhenDeleted deleted,
      @Nullable WhenForgotten forgotten) {
    this.category = category;
    this.shared = shared;
    this.step = step;
    this.deleted = deleted;
    this.forgotten = forgotten;
  }

  /**
   * What an event changes.
   *
   * @param <E> the events
   */
  @FunctionalInterface
  public interface Change<E> {
    /**
     * Writes it.
     *
     * @throws SQLException if the database refuses it
     */
    void apply(SqlView view, Recorded<E> recorded) throws SQLException;
  }

  /** What the deletion of a stream changes. */
  @FunctionalInterface
  public interface WhenDeleted {
    /**
     * Writes it; the stream may have left no row.
     *
     * @throws SQLException if the database refuses it
     */
    void apply(SqlView view, StreamId stream) throws SQLException;
  }

  /** What changes when personal data in a stream is forgotten. */
  @FunctionalInterface
  public interface WhenForgotten {
    /**
     * Writes it; the stream may have left no row.
     *
     * @param subject whose data it was
     * @throws SQLException if the database refuses it
     */
    void apply(SqlView view, StreamId stream, String subject) throws SQLException;
  }

  private interface Step {
    void apply(SqlView view, StoredEvent stored) throws SQLException;
  }

  /**
   * A source whose events change only rows that belong to their own stream, or to streams of the
   * same {@linkplain StreamId#route route}: partitions write beside each other.
   */
  public static <E> SqlSource byStream(Category<E> category, Change<E> change) {
    return of(category, false, change);
  }

  /**
   * A source whose events may change any row: the partitions of the projection take turns, one
   * transaction after the other. Only the order within an aggregate is defined, so the rows must
   * not depend on the order between aggregates: count and sum, do not keep "the last".
   */
  public static <E> SqlSource shared(Category<E> category, Change<E> change) {
    return of(category, true, change);
  }

  private static <E> SqlSource of(Category<E> category, boolean shared, Change<E> change) {
    return new SqlSource(
        category,
        shared,
        (view, stored) -> {
          for (Recorded<E> recorded : category.read(stored)) {
            change.apply(view, recorded);
          }
        },
        null,
        null);
  }

  /**
   * Returns the same source, with what the deletion of a stream changes. A source that does not say
   * so keeps what deleted streams have given until the next rebuild, which cannot read it any more;
   * the workers then log a warning, and {@link io.refold.projections.ProjectionStatus#outdated()}
   * counts it.
   */
  public SqlSource whenDeleted(WhenDeleted change) {
    return new SqlSource(category, shared, step, change, forgotten);
  }

  /**
   * Returns the same source, with what changes when personal data in a stream is forgotten; without
   * it, it is as with {@link #whenDeleted}.
   */
  public SqlSource whenForgotten(WhenForgotten change) {
    return new SqlSource(category, shared, step, deleted, change);
  }

  /** Returns the category's name. */
  public String category() {
    return category.name();
  }

  boolean shared() {
    return shared;
  }

  /** Tells whether an event of the category is a mark that leaves rows as they are, wrongly. */
  boolean outdatedBy(StoredEvent stored) {
    return switch (StreamMark.of(stored).orElse(null)) {
      case StreamMark.Deleted mark -> deleted == null;
      case StreamMark.Forgotten mark -> forgotten == null;
      case null -> false;
      case StreamMark.Closed mark -> false;
      case StreamMark.Cancelled mark -> false;
    };
  }

  /** Takes notice of a mark before any event is decoded; an event of the domain is left alone. */
  void meet(StoredEvent stored) {
    if (StreamMark.of(stored).isPresent()) {
      category.read(stored);
    }
  }

  /** Writes what an event or a mark of the category changes. */
  void apply(SqlView view, StoredEvent stored) throws SQLException {
    switch (StreamMark.of(stored).orElse(null)) {
      case null -> step.apply(view, stored);
      case StreamMark.Deleted mark -> {
        if (deleted != null) {
          deleted.apply(view, stored.stream());
        }
      }
      case StreamMark.Forgotten(String subject) -> {
        if (forgotten != null) {
          forgotten.apply(view, stored.stream(), subject);
        }
      }
      case StreamMark.Closed mark -> {}
      case StreamMark.Cancelled mark -> {}
    }
  }
}
