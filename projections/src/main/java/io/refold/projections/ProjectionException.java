package io.refold.projections;

import org.jspecify.annotations.Nullable;

/** The root of what can go wrong on the read side. */
public abstract sealed class ProjectionException extends RuntimeException
    permits EventParkedException,
        HistoryLostException,
        NotAppliedException,
        ReadModelMissingException,
        RebuildFailedException,
        RebuildRunningException,
        UnreadableRowException {
  private static final long serialVersionUID = 1L;

  ProjectionException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
