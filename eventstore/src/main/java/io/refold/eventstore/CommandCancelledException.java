package io.refold.eventstore;

import java.io.Serial;

/**
 * The command took longer than what it had reserved, which somebody else holds by now, so its
 * events were kept out of the stream. Nothing was written; handle it again under another command
 * id.
 */
public final class CommandCancelledException extends CommandException {
  @Serial private static final long serialVersionUID = 1L;

  /**
   * Names the command.
   *
   * @param stream the stream
   * @param commandId the command
   */
  public CommandCancelledException(StreamId stream, String commandId) {
    super(
        "command %s was cancelled on %s (nothing was written); handle it again under another command id"
            .formatted(commandId, stream),
        null);
  }
}
