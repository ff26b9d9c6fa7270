package io.refold.projections;

/** A rebuild of the projection is under way already; nothing was started. */
public final class RebuildRunningException extends ProjectionException {
  private static final long serialVersionUID = 1L;

  RebuildRunningException(String projection, String coordinator) {
    super(
        "projection '%s' is being rebuilt already, coordinated by %s: wait for it or cancel it"
            .formatted(projection, coordinator),
        null);
  }
}
