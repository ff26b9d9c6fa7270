package io.refold.projections;

/** A row cannot be written as JSON or read back; the message says which and why. */
public final class UnreadableRowException extends ProjectionException {
  private static final long serialVersionUID = 1L;

  UnreadableRowException(String projection, String key, Throwable cause) {
    super(
        "row '%s' of projection '%s' does not pass JSON: %s; correct the class of its rows, or call ProjectionWorkers.recompute or rebuild if what is stored is wrong"
            .formatted(key, projection, cause.getMessage()),
        cause);
  }
}
