package io.refold.eventstore;

import java.util.List;
import java.util.Optional;

/** Finds out what commands have written, and stops those that have written nothing. */
final class WrittenCommands {
  private static final int PAGE = 1_000;
  private static final int ATTEMPTS = 5;

  private final EventStore store;

  WrittenCommands(EventStore store) {
    this.store = store;
  }

  /**
   * Finds out whether a command has written to a stream, and makes sure that it never will if it
   * has not: once its mark stands there, or the stream has ended.
   *
   * @return empty if that stays unknown, because other replies than the last are lost, too
   */
  Optional<Boolean> has(StreamId stream, String commandId) {
    long known = 0;
    boolean ended = false;
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      boolean cancelled = false;
      List<StoredEvent> page;
      do {
        page = store.read(stream, known, PAGE);
        for (StoredEvent event : page) {
          if (event.commandId().equals(commandId)) {
            if (StreamMark.of(event).isEmpty()) {
              return Optional.of(true);
            }
            cancelled = true;
          }
          known = event.version();
        }
      } while (page.size() == PAGE);
      if (cancelled || ended) {
        return Optional.of(false);
      }
      AppendResult marked =
          store.mark(stream, new StreamMark.Cancelled(), ExpectedVersion.any(), commandId);
      ended = marked instanceof AppendResult.Refused; // else what stands there now is read next
    }
    return Optional.empty();
  }
}
