package io.refold.projections;

/**
 * There are no rows for this version of a projection: no worker has started yet. Start workers, or
 * read with the version that is deployed.
 */
public final class ReadModelMissingException extends ProjectionException {
  private static final long serialVersionUID = 1L;

  /** Says which version. */
  public ReadModelMissingException(String message) {
    super(message, null);
  }
}
