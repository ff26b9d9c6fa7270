package io.refold.projections;

import org.jspecify.annotations.Nullable;

/**
 * A rebuild has ended without a switch. The read model is what it was, and its keys are removed.
 */
public final class RebuildFailedException extends ProjectionException {
  private static final long serialVersionUID = 1L;

  RebuildFailedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
