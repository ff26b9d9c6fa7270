package io.refold.projections;

/**
 * A projection has not applied an awaited position in time. Nothing is wrong with waiting again.
 */
public final class NotAppliedException extends ProjectionException {
  private static final long serialVersionUID = 1L;

  /** Says which position. */
  public NotAppliedException(String message) {
    super(message, null);
  }
}
