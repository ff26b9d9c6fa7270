package io.refold.eventstore;

import org.jspecify.annotations.Nullable;

/** Why a command did not do its work. The subclass says what was written, and whether to retry. */
public abstract sealed class CommandException extends EventStoreException
    permits CommandCancelledException,
        CommandConflictException,
        CommandInvalidException,
        CommandOutcomeUnknownException,
        CommandRejectedException,
        StreamClosedException {
  private static final long serialVersionUID = 1L;

  CommandException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
