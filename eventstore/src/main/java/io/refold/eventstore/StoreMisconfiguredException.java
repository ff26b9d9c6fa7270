package io.refold.eventstore;

import java.util.List;

/** A server cannot serve as an event store. Nothing was written; each problem says its remedy. */
public final class StoreMisconfiguredException extends EventStoreException {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // an immutable list of strings
  private final List<String> problems;

  /**
   * Lists all problems that were found, not just the first.
   *
   * @param server the server, without credentials
   * @param problems at least one
   */
  public StoreMisconfiguredException(String server, List<String> problems) {
    super("%s cannot be used: %s".formatted(server, String.join("; ", problems)), null);
    this.problems = List.copyOf(problems);
  }

  /** Returns what was found. */
  public List<String> problems() {
    return problems;
  }
}
