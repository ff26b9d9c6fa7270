package io.refold.projections;

import io.refold.eventstore.Category;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.StoredEvent;
import java.util.List;
import java.util.function.BiFunction;

/**
 * A pure fold of each stream of a category, for {@linkplain Source#keyed(StreamFold,
 * java.util.function.Function, FoldedEvolve) sources} whose rows need more than an event says: a
 * later event often lacks what the first one said. Immutable; thread-safe if the function is.
 *
 * @param <S> the state: immutable
 * @param <E> the events
 */
public final class StreamFold<S, E> {
  private final Category<E> category;
  private final S initial;
  private final BiFunction<S, E, S> evolve;

  private StreamFold(Category<E> category, S initial, BiFunction<S, E, S> evolve) {
    this.category = category;
    this.initial = initial;
    this.evolve = evolve;
  }

  /**
   * Describes a fold; that of a {@link io.refold.eventstore.Decider} will do.
   *
   * @param initial the state before the first event
   * @param evolve the state after an event; pure: no clock, no I/O
   */
  public static <S, E> StreamFold<S, E> of(
      Category<E> category, S initial, BiFunction<S, E, S> evolve) {
    return new StreamFold<>(category, initial, evolve);
  }

  Category<E> category() {
    return category;
  }

  S initial() {
    return initial;
  }

  List<Recorded<E>> read(StoredEvent stored) {
    return category.read(stored);
  }

  S after(S before, Recorded<E> recorded) {
    return evolve.apply(before, recorded.event());
  }
}
