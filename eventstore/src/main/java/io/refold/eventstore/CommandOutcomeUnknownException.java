package io.refold.eventstore;

/**
 * The reply to an append was lost: the events may have been written or not. Handle the same command
 * again with {@linkplain CommandOptions#withCommandId the same command id}: it will be done once.
 */
public final class CommandOutcomeUnknownException extends CommandException {
  private static final long serialVersionUID = 1L;

  private final String commandId;

  /**
   * Names the stream and the command.
   *
   * @param stream the stream
   * @param commandId the id to repeat the command with
   * @param cause what happened to the reply
   */
  public CommandOutcomeUnknownException(StreamId stream, String commandId, Throwable cause) {
    super(
        "it is unknown whether the events of command %s reached %s; repeat it with the same command id (%s)"
            .formatted(commandId, stream, cause.getMessage()),
        cause);
    this.commandId = commandId;
  }

  /** Returns the id to repeat the command with. */
  public String commandId() {
    return commandId;
  }
}
