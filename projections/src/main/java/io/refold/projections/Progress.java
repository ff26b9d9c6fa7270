package io.refold.projections;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
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
  private long outdated;
  private boolean grouped;
  private final long head;

  /**
   * Starts where a takeover has found the partition.
   *
   * @param head up to which sequence marks have no effect on rows that are filled from the first
   *     event: they stood in the log before
   */
  Progress(Subscriptions.State found, long head) {
    this.head = head;
    outdated = found.outdated();
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

  /** Returns how many events the log had up to what is settled. */
  long events() {
    return events;
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

  /** Returns those marks that tell of data which is in rows still, and was not counted yet. */
  List<StoredEvent> outdating(List<StoredEvent> marks) {
    return marks.stream()
        .filter(mark -> mark.position().sequence() > Math.max(head, settled.sequence()))
        .toList();
  }

  /**
   * Returns what to settle when these entries have been applied.
   *
   * @param marks how many marks among them tell of data that rows still have
   */
  Subscriptions.Settlement settlement(
      List<LogEntry> applied, Map<Integer, Position> written, int marks) {
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
        applied.getLast().position(), passed, outdated + marks, acknowledged, written);
  }

  /** Moves on behind what was settled. */
  void settled(Subscriptions.Settlement settlement) {
    Position end = settlement.last();
    events = settlement.events();
    outdated = settlement.outdated();
    shards.putAll(settlement.shards());
    if (end.sequence() > settled.sequence()) {
      settled = end;
    }
    if (end.sequence() > last.sequence()) {
      last = end;
    }
  }
}
