package io.refold.projections;

import io.refold.projections.store.Generations.Kind;
import io.refold.projections.store.Generations.Layout;
import java.util.Optional;
import java.util.stream.Stream;

/** The way to a subscriber's live generation, where what else has its name is met. */
final class Opening {
  private Opening() {}

  /**
   * Returns the live generation, made if there is none of any version; empty if only other versions
   * have one.
   *
   * @throws IllegalStateException if something of another kind has the name
   */
  static Optional<Layout> of(ProjectionStore store, Subscriber subscriber) {
    String name = subscriber.name();
    var shape = subscriber.shape(store.shards());
    Optional<Layout> live = store.generations().open(name, shape);
    Kind kind = shape.kind();
    Stream<Layout> there =
        live.isPresent()
            ? live.stream()
            : store.generations().look(name, subscriber.version()).read().stream();
    there
        .map(layout -> layout.shape().kind())
        .filter(other -> other != kind)
        .findFirst()
        .ifPresent(other -> {
          throw new IllegalStateException(
              "'%s' is %s in this store: %s of that name cannot be started, it needs another name"
                  .formatted(name, other, kind));
        });
    return live;
  }
}
