package io.refold.eventstore;

/**
 * The domain refuses a command in the aggregate's present state. Thrown by deciders; open for
 * subtypes. Nothing was written, and the same command is not retried: it needs another state.
 */
public non-sealed class CommandRejectedException extends CommandException {
  private static final long serialVersionUID = 1L;

  private final String code;

  /**
   * Refuses a command.
   *
   * @param code a stable name of the rule, for programs: {@code account-closed}
   * @param reason for people
   */
  public CommandRejectedException(String code, String reason) {
    super(reason, null);
    this.code = code;
  }

  /** Returns the stable name of the rule that refused the command. */
  public String code() {
    return code;
  }
}
