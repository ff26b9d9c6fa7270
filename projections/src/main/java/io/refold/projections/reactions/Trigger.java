package io.refold.projections.reactions;

import io.refold.eventstore.Category;
import io.refold.eventstore.Recorded;
import io.refold.eventstore.StoredEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * A category whose events a process takes steps on, and which instance each event is for.
 * Immutable; thread-safe if the functions are.
 *
 * @param <S> the state of the process
 * @param <C> its commands
 */
public final class Trigger<S, C> {
  private final String category;
  private final Function<StoredEvent, List<Occasion<S, C>>> occasions;

  private Trigger(String category, Function<StoredEvent, List<Occasion<S, C>>> occasions) {
    this.category = category;
    this.occasions = occasions;
  }

  /**
   * An event that is for an instance.
   *
   * @param instance the instance
   * @param part its number among those that the codec makes of the stored event
   * @param step what the process makes of it
   */
  record Occasion<S, C>(String instance, int part, Function<S, Step<S, C>> step) {}

  /**
   * Returns a trigger whose events are for the instance with the id of their aggregate.
   *
   * @param step what the process makes of an event; pure
   */
  public static <S, C, E> Trigger<S, C> byStream(
      Category<E> category, BiFunction<S, Recorded<E>, Step<S, C>> step) {
    return on(category, recorded -> Optional.of(recorded.id()), step);
  }

  /**
   * Returns a trigger.
   *
   * @param instance names the instance that an event is for, an id as streams have; empty if the
   *     process has nothing to do with it; pure
   * @param step what the process makes of an event; pure
   */
  public static <S, C, E> Trigger<S, C> on(
      Category<E> category,
      Function<Recorded<E>, Optional<String>> instance,
      BiFunction<S, Recorded<E>, Step<S, C>> step) {
    return new Trigger<>(
        category.name(), stored -> occasions(category.read(stored), instance, step));
  }

  private static <S, C, E> List<Occasion<S, C>> occasions(
      List<Recorded<E>> recorded,
      Function<Recorded<E>, Optional<String>> instance,
      BiFunction<S, Recorded<E>, Step<S, C>> step) {
    var occasions = new ArrayList<Occasion<S, C>>(1);
    for (int i = 0; i < recorded.size(); i++) {
      int part = i;
      Recorded<E> event = recorded.get(i);
      instance
          .apply(event)
          .ifPresent(
              id -> occasions.add(new Occasion<>(id, part, state -> step.apply(state, event))));
    }
    return occasions;
  }

  /** Returns the category's name. */
  public String category() {
    return category;
  }

  List<Occasion<S, C>> occasions(StoredEvent event) {
    return occasions.apply(event);
  }
}
