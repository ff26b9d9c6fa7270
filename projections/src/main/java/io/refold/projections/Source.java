package io.refold.projections;

import io.refold.eventstore.Category;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamMark;
import io.refold.projections.store.Parking;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A category whose events a projection folds, and which rows each event changes. Immutable;
 * thread-safe if the functions are.
 *
 * @param <V> the rows
 */
public final class Source<V> {
  private final String category;
  private final boolean byStream;
  private final Toucher<V> touches;

  private Source(String category, boolean byStream, Toucher<V> touches) {
    this.category = category;
    this.byStream = byStream;
    this.touches = touches;
  }

  /** Decodes an event and names the rows that it changes. */
  @FunctionalInterface
  private interface Toucher<V> {
    List<Touch<V>> touches(StoredEvent stored, StreamStates states, Parking parking);
  }

  /** One event's change of one row. */
  interface Touch<V> {
    String key();

    @Nullable V apply(@Nullable V row);
  }

  private record Evolution<V, E>(String key, Recorded<E> recorded, Evolve<V, E> evolve)
      implements Touch<V> {
    @Override
    public @Nullable V apply(@Nullable V row) {
      return evolve.evolve(key, row, recorded);
    }
  }

  /**
   * Rows keyed by stream: each event changes the row of its aggregate's id.
   *
   * <p>Such a row follows what happens to its stream itself. When the stream is deleted, the row
   * goes, too; if further sources of this kind give the row events of other streams with the same
   * id, it is folded afresh from these. When data in the stream was forgotten, the row is folded
   * afresh from the first event on, as the events read now, in the same step in which the
   * {@linkplain io.refold.eventstore.StreamMark mark} is applied; an event may so be folded several
   * times, and each time as the codec reads it then. Closing a stream changes nothing.
   *
   * <p>That needs all sources of the projection to be of this kind. Where one is {@linkplain #keyed
   * keyed}, rows are treated as is said there, but the row of a deleted stream goes all the same if
   * this is the only source of this kind.
   */
  public static <V, E> Source<V> byStream(Category<E> category, Evolve<V, E> evolve) {
    return new Source<>(
        category.name(),
        true,
        (stored, states, parking) -> touches(category, stored, r -> List.of(r.id()), evolve));
  }

  /**
   * Rows with keys of any kind: each event changes the rows that a function names, none or several.
   *
   * <p>Such a row may get events of many aggregates. Only the order within an aggregate is defined,
   * so the fold must give the same row whatever the order between aggregates: count and sum, do not
   * keep "the last". {@link ProjectionScenario#thenSameInAnyOrder()} tries that in a test.
   *
   * <p>Such a row cannot be folded afresh from one stream, so it keeps what deleted streams have
   * given, and what was forgotten since it was folded; only a rebuild, which cannot read it any
   * more, is without. Where data was forgotten, the workers log a warning with projection and
   * stream, and {@link ProjectionStatus#outdated()} counts it until the next rebuild. Start that
   * when no process can have the data's keys in a cache any more.
   *
   * @param keys names the rows that an event changes; pure; a key named twice counts once
   */
  public static <V, E> Source<V> keyed(
      Category<E> category,
      Function<Recorded<E>, ? extends Collection<String>> keys,
      Evolve<V, E> evolve) {
    return new Source<>(
        category.name(),
        false,
        (stored, states, parking) -> touches(category, stored, keys, evolve));
  }

  /**
   * Rows with keys of any kind, as {@link #keyed(Category, Function, Evolve)}, whose keys and folds
   * are also given the state of the event's stream: what earlier events of the same aggregate have
   * said.
   *
   * <p>The states of the streams used last are kept in memory; another one is folded from its first
   * event on, so very long streams make this slow. Events that were dropped are left out there,
   * too.
   *
   * @param fold folds a stream; give the same object to sources that share it
   * @param keys names the rows that an event changes; pure; a key named twice counts once
   */
  public static <V, S, E> Source<V> keyed(
      StreamFold<S, E> fold,
      Function<Folded<S, E>, ? extends Collection<String>> keys,
      FoldedEvolve<V, S, E> evolve) {
    return new Source<>(
        fold.category().name(),
        false,
        (stored, states, parking) -> {
          if (StreamMark.of(stored).isPresent()) {
            fold.read(stored); // no event of the domain, but the codec is told so
            states.forget(stored.stream());
            return List.of();
          }
          var touches = new ArrayList<Touch<V>>(1);
          S before = states.before(fold, stored, parking);
          S state = before;
          for (Recorded<E> recorded : fold.read(stored)) {
            S after = fold.after(state, recorded);
            var folded = new Folded<>(state, after, recorded);
            for (String key : keys.apply(folded).stream().distinct().toList()) {
              touches.add(new FoldedEvolution<>(RowFormat.checkKey(key), folded, evolve));
            }
            state = after;
          }
          states.reached(fold, stored, parking, before, state);
          return touches;
        });
  }

  private record FoldedEvolution<V, S, E>(
      String key, Folded<S, E> folded, FoldedEvolve<V, S, E> evolve) implements Touch<V> {
    @Override
    public @Nullable V apply(@Nullable V row) {
      return evolve.evolve(key, row, folded);
    }
  }

  private static <V, E> List<Touch<V>> touches(
      Category<E> category,
      StoredEvent stored,
      Function<Recorded<E>, ? extends Collection<String>> keys,
      Evolve<V, E> evolve) {
    var touches = new ArrayList<Touch<V>>(1);
    for (Recorded<E> recorded : category.read(stored)) {
      for (String key : keys.apply(recorded).stream().distinct().toList()) {
        touches.add(new Evolution<>(RowFormat.checkKey(key), recorded, evolve));
      }
    }
    return touches;
  }

  /** Returns the category's name. */
  public String category() {
    return category;
  }

  boolean byStream() {
    return byStream;
  }

  /** Decodes an event and names the rows that it changes, in order. */
  List<Touch<V>> touches(StoredEvent stored, StreamStates states, Parking parking) {
    return touches.touches(stored, states, parking);
  }
}
