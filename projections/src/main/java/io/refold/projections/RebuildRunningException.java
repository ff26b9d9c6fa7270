package io.refold.projections;

import io.refold.projections.store.Generations.Filling;
import io.refold.projections.store.Generations.Purpose;
import io.refold.projections.store.Generations.Start;

/**
 * A rebuild or a verification of the projection, of this or another version, is under way already;
 * nothing was started.
 */
public final class RebuildRunningException extends ProjectionException {
  private static final long serialVersionUID = 1L;

  RebuildRunningException(Start.Running running) {
    super(
        "%s, coordinated by %s: wait for it%s"
            .formatted(
                what(running.rebuild()),
                running.coordinator(),
                running.rebuild().purpose() == Purpose.REBUILD
                    ? ", or cancel it, with ProjectionStore.rebuild(…)"
                    : ""),
        null);
  }

  private static String what(Filling rebuild) {
    return "version %d of projection '%s' %s"
        .formatted(
            rebuild.fresh().shape().version(),
            rebuild.fresh().generation().projection(),
            switch (rebuild.purpose()) {
              case REBUILD -> "is being rebuilt already";
              case VERIFICATION -> "is being verified";
              case RECOMPUTATION -> "has a row recomputed";
            });
  }
}
