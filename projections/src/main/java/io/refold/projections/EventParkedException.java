package io.refold.projections;

/**
 * An event cannot be applied, so it waits together with what follows it in its aggregate.
 * Everything else has been applied.
 */
public final class EventParkedException extends ProjectionException {
  private static final long serialVersionUID = 1L;

  EventParkedException(String message) {
    super(message, null);
  }
}
