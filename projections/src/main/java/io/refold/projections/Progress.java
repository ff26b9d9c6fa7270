package io.refold.projections;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.projections.store.Subscriptions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How far an owner has come in its partition's log. Not thread-safe. */
final class Progress {
  private final Map<Integer, Position> shards = new HashMap<>();
  private Position last;
  private Position settled;
  private long events;
  private boolean grouped;

  /** Starts where a takeover has found the partition. */
  Progress(Subscriptions.State found) {
    last = found.settled();
    settled = found.settled();
    events = found.events();
    grouped = found.grouped();
    shards.putAll(found.shards());
  }

  /** Returns what was read and applied last. */
  Position last() {
    return last;
  }

  /** Returns whether entries come through the group. */
  boolean grouped() {
    return grouped;
  }

  void handedOver() {
    grouped = true;
  }

  /** Returns the checkpoint that each shard has at least. */
  Map<Integer, Position> shards() {
    return shards;
  }

  /**
   * The log counts: a number that was left out means that an entry is gone. Entries up to the one
   * read last are deliveries repeated.
   *
   * @return what is wrong with the entries, if anything
   */
  Optional<String> gap(List<LogEntry> read) {
    long before = last.sequence();
    for (LogEntry entry : read) {
      long sequence = entry.position().sequence();
      if (sequence > before + 1) {
        return Optional.of(
            "the log goes on at %s behind sequence %d".formatted(entry.position(), before));
      }
      before = Math.max(before, sequence);
    }
    return Optional.empty();
  }

  /** Returns what to settle when these entries have been applied. */
  Subscriptions.Settlement settlement(List<LogEntry> applied, Map<Integer, Position> written) {
    long passed = events;
    var acknowledged = new ArrayList<Position>();
    for (LogEntry entry : applied) {
      if (entry.position().sequence() > settled.sequence()) {
        passed += entry.events();
      }
      if (grouped) {
        acknowledged.add(entry.position());
      }
    }
    return new Subscriptions.Settlement(
        applied.getLast().position(), passed, acknowledged, written);
  }

  /** Moves on behind what was settled. */
  void settled(Subscriptions.Settlement settlement) {
    Position end = settlement.last();
    events = settlement.events();
    shards.putAll(settlement.shards());
    if (end.sequence() > settled.sequence()) {
      settled = end;
    }
    if (end.sequence() > last.sequence()) {
      last = end;
    }
  }
}
