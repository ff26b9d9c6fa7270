package io.refold.projections;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Views;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Folds one row from the logs, partition by partition, as workers would fold it. Not thread-safe.
 */
final class RowReplay<V> {
  private static final int ENTRIES = 2_000;

  private final ProjectionStore store;
  private final RowFormat<V> format;
  private final String key;
  private final Runnable page;
  private final Resolver resolver;
  private final StreamStates states;
  private final Map<Integer, Long> reached = new HashMap<>();
  private @Nullable String json;

  /**
   * Prepares to fold.
   *
   * @param page is run before each page of a log
   */
  RowReplay(ProjectionStore store, RowFormat<V> whole, String key, Runnable page) {
    this.store = store;
    this.format = whole.only(key);
    this.key = key;
    this.page = page;
    this.states = new StreamStates(store.events()::read);
    this.resolver =
        new Resolver(store.events(), SharedEvents.alone(store.events()), format.categories());
  }

  /** Returns the row's JSON; empty if there is no row. */
  Optional<String> row() {
    return Optional.ofNullable(json);
  }

  /**
   * Folds what a partition's log has up to a position, from where it was before.
   *
   * @throws EventFailure if an event cannot be applied
   * @throws MissingEvents if history was lost
   */
  void replay(Position to, Parking parking) throws EventFailure, MissingEvents {
    int partition = to.partition();
    long after = reached.getOrDefault(partition, 0L);
    while (after < to.sequence()) {
      page.run();
      List<LogEntry> part =
          PartitionOwner.atMost(
              store.events().readLog(partition, after, ENTRIES).stream()
                  .filter(entry -> entry.position().sequence() <= to.sequence())
                  .toList());
      if (part.isEmpty()) {
        throw new IllegalStateException(
            "the log does not hold what stands behind %d before %s".formatted(after, to));
      }
      fold(part, parking);
      after = part.getLast().position().sequence();
      reached.put(partition, after);
    }
  }

  private void fold(List<LogEntry> part, Parking parking) throws EventFailure, MissingEvents {
    Position last = part.getLast().position();
    Batch<V> batch =
        Batch.of(format, 1, store.events(), states, resolver.resolve(wanted(part)), last, parking);
    String before = json;
    var stored =
        new Views.ShardRows(
            Position.origin(last.partition()),
            before == null ? Map.of() : Map.of(key, new Views.StoredRow(1, before)),
            Map.of());
    batch
        .fold(0, stored)
        .ifPresent(commit ->
            commit.changes().stream()
                .filter(change -> change.key().equals(key))
                .forEach(change -> json = change.json()));
  }

  /** A row that is keyed by stream gets events of the streams with its id only. */
  private List<LogEntry> wanted(List<LogEntry> part) {
    if (format.shared()) {
      return part;
    }
    return part.stream()
        .map(entry ->
            new LogEntry(
                entry.position(),
                entry.pointers().stream()
                    .filter(pointer -> pointer.stream().id().equals(key))
                    .toList()))
        .toList();
  }
}
