package io.refold.eventstore;

import org.jspecify.annotations.Nullable;

/**
 * How to handle one command. Immutable.
 *
 * @param commandId identifies the command across retries; null lets the handler make one
 * @param expectedVersion handles the command only if the stream is at exactly this version (as
 *     HTTP's If-Match); null retries conflicts as the handler's policy says
 * @param metadata stored with every event
 * @param durability what is waited for before the command is answered; null leaves it to the store
 */
public record CommandOptions(
    @Nullable String commandId,
    @Nullable Long expectedVersion,
    Metadata metadata,
    @Nullable Durability durability) {
  private static final CommandOptions DEFAULTS =
      new CommandOptions(null, null, Metadata.empty(), null);

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if the command id is not allowed or the version is negative
   */
  public CommandOptions {
    if (commandId != null) {
      Names.commandId(commandId);
    }
    if (expectedVersion != null && expectedVersion < 0) {
      throw new IllegalArgumentException(
          "expected version %d is negative".formatted(expectedVersion));
    }
  }

  /**
   * Returns the defaults: a new command id, no expected version, no metadata, the store's level.
   */
  public static CommandOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Returns a copy with a command id.
   *
   * @throws IllegalArgumentException if it is empty, longer than 128 characters or has control
   *     characters
   */
  public CommandOptions withCommandId(String id) {
    return new CommandOptions(id, expectedVersion, metadata, durability);
  }

  /**
   * Returns a copy with an expected version.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public CommandOptions withExpectedVersion(long version) {
    return new CommandOptions(commandId, version, metadata, durability);
  }

  /** Returns a copy with metadata. */
  public CommandOptions withMetadata(Metadata other) {
    return new CommandOptions(commandId, expectedVersion, other, durability);
  }

  /**
   * Returns a copy that is answered when this level is reached, or its time is over; {@link
   * Handled#durability()} says which.
   */
  public CommandOptions withDurability(Durability level) {
    return new CommandOptions(commandId, expectedVersion, metadata, level);
  }
}
