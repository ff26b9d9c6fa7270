package io.refold.projections.reactions;

import io.refold.eventstore.CommandOptions;
import io.refold.eventstore.StoredEvent;

/**
 * Why a side effect happens: which reaction, and to which event. It gives names that are the same
 * whenever the same event is handled again, so that who receives them can tell a repeat.
 *
 * @param reaction the reaction's name
 * @param event the event
 * @param part 0 for the first event that the codec makes of a stored one, 1 for the second …
 */
public record Cause(String reaction, StoredEvent event, int part) {
  /**
   * Returns the key to deduplicate by, the same at each repeat and for no other event that is in
   * the store: {@code <reaction>:<category>:<id>/<version>}, with {@code .<part>} behind it from
   * the second part on. Neither of the first two contains a colon, so no two events share a key,
   * whatever slashes their names have. Up to 400 characters.
   *
   * <p>Where a server has lost its newest events, others may take their versions and with them
   * their keys; {@link #commandId} tells these apart.
   */
  public String key() {
    String whole = "%s:%s/%d".formatted(reaction, event.stream(), event.version());
    return part == 0 ? whole : whole + "." + part;
  }

  /**
   * Returns the id for a command that the event causes: 22 characters, derived from the event and
   * the reaction's name, so that the command is done once however often it is sent.
   *
   * @param name tells several commands of one event apart
   */
  public String commandId(String name) {
    return DerivedId.of(key(), event.position(), name);
  }

  /** Returns options with the {@linkplain #commandId id} for a command that the event causes. */
  public CommandOptions options(String name) {
    return CommandOptions.defaults().withCommandId(commandId(name));
  }
}
