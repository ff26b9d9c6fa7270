package io.refold.projections;

import io.refold.projections.store.Generations.Catalog;
import io.refold.projections.store.Generations.Filling;
import io.refold.projections.store.Generations.Purpose;
import io.refold.projections.store.Subscriptions.Outlook;
import java.util.List;
import java.util.Optional;

/**
 * There are no rows for this version of a projection: no worker of it has started yet, or they are
 * still being filled, or they went because nobody had read them for long. The message says which,
 * and what to do.
 */
public final class ReadModelMissingException extends ProjectionException {
  private static final long serialVersionUID = 1L;

  /** Says which version. */
  public ReadModelMissingException(String message) {
    super(message, null);
  }

  /** Finds out why there are no rows of a subscriber's version. */
  static ReadModelMissingException of(ProjectionStore store, Subscriber subscriber) {
    return of(store, subscriber.name(), subscriber.version());
  }

  static ReadModelMissingException of(ProjectionStore store, String projection, int version) {
    Catalog catalog = store.generations().look(projection, version);
    Optional<Filling> filling =
        catalog
            .rebuild()
            .filter(rebuild -> rebuild.purpose() == Purpose.REBUILD)
            .filter(rebuild -> rebuild.fresh().shape().version() == version);
    List<Integer> read = catalog.read().stream().map(layout -> layout.shape().version()).toList();
    String why;
    if (catalog.live().isPresent()) {
      why = "has lost its rows: rebuild it";
    } else if (filling.isPresent()) {
      why =
          "is being filled, %s: wait with ReadModel.awaitReady, or read version %s"
              .formatted(progress(store, filling.get()), read);
    } else if (read.isEmpty()) {
      why = "has no rows yet: start a worker for it";
    } else if (read.getLast() < version) {
      why =
          "has no rows yet, version %s is read: start a worker for it, which fills them; if that was cancelled or has failed, call ProjectionWorkers.rebuild"
              .formatted(read);
    } else {
      why =
          "has no rows, version %s is read: deploy that, or call ProjectionWorkers.rebuild to fill them"
              .formatted(read);
    }
    return new ReadModelMissingException(
        "version %d of projection '%s' %s".formatted(version, projection, why));
  }

  private static String progress(ProjectionStore store, Filling filling) {
    long events = 0;
    long total = 0;
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      Optional<Outlook> seen =
          store.subscriptions().outlook(partition, filling.fresh().generation());
      events += seen.map(outlook -> outlook.state().events()).orElse(0L);
      total += seen.map(Outlook::headEvents).orElse(0L);
    }
    return "%,d of %,d events so far".formatted(events, total);
  }
}
