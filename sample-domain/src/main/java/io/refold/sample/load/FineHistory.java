package io.refold.sample.load;

import io.refold.sample.fine.FineCommand;
import java.util.List;

/**
 * What happened to one fine, as the commands that record it.
 *
 * @param id the fine's id
 * @param commands in the order in which they happened
 */
public record FineHistory(String id, List<FineCommand> commands) {
  /** Copies the commands. */
  public FineHistory {
    commands = List.copyOf(commands);
  }
}
