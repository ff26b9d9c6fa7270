package io.refold.projections;

import io.refold.eventstore.Position;
import io.refold.projections.store.DroppedEvent;
import io.refold.projections.store.ParkedStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What comparing the rows that are read with rows folded afresh has found.
 *
 * @param projection the projection
 * @param version its version
 * @param positions how far each partition was in both, in the order of partitions
 * @param rows how many rows were compared
 * @param differing the rows that differ, in the order of shards and keys
 * @param entries the places in orders that differ: what an index, or the list of all rows, names
 *     and should not, or does not name and should
 * @param dropped the events that are left out for good, in both
 * @param parked the streams that wait; the rows of one may differ: its event could be applied by
 *     now, or some of its rows had it before it failed in another
 * @param failing the streams with an event that the rows that are read have and that cannot be
 *     applied now, each with the error; the rows folded afresh are without it and what follows it
 * @param stoodStill for how long the rows that are read were not brought up to date
 */
public record Verification(
    String projection,
    int version,
    List<Position> positions,
    long rows,
    List<Row> differing,
    List<Entry> entries,
    List<DroppedEvent> dropped,
    List<ParkedStream> parked,
    List<ParkedStream> failing,
    Duration stoodStill) {
  /** Copies the lists. */
  public Verification {
    positions = List.copyOf(positions);
    differing = List.copyOf(differing);
    entries = List.copyOf(entries);
    dropped = List.copyOf(dropped);
    parked = List.copyOf(parked);
    failing = List.copyOf(failing);
  }

  /**
   * A row that is not what the events make of it.
   *
   * @param key its key
   * @param live the JSON that is read; empty if there is no such row
   * @param fresh the JSON that the events give; empty if they give no such row
   */
  public record Row(String key, Optional<String> live, Optional<String> fresh) {}

  /**
   * A place in an order that one of the two has.
   *
   * @param index the index; empty for the list of all rows
   * @param value the indexed value; empty in the list of all rows
   * @param key the key of the row it names
   * @param live whether the place is there and should not be; else it is missing
   */
  public record Entry(Optional<String> index, String value, String key, boolean live) {}

  /** Tells whether nothing differs, and everything that the rows have could be applied again. */
  public boolean clean() {
    return differing.isEmpty() && entries.isEmpty() && failing.isEmpty();
  }
}
