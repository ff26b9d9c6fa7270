package io.refold.projections;

/** An event cannot be applied, so its partition of the projection stands still. */
public final class ProjectionHaltedException extends ProjectionException {
  private static final long serialVersionUID = 1L;

  ProjectionHaltedException(String message) {
    super(message, null);
  }
}
