package io.refold.projections;

import io.refold.eventstore.Recorded;
import io.refold.projections.Shop.OrderEvent;
import io.refold.projections.Shop.Paid;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Rows that say which versions of which streams were applied to them, in order: one per order, and
 * if it is told so one per last character of the id, and one for all. Payments of 13 cents fail
 * until it is mended, those of 17 every other time. Used by one thread at a time.
 */
final class Chronicle implements Projection<Chronicle.Seen> {
  /** The versions applied, per stream. */
  record Seen(Map<String, List<Long>> versions) {
    long events() {
      return versions.values().stream().mapToLong(Collection::size).sum();
    }
  }

  private final boolean shared;
  private boolean refusing = true;
  private boolean moody = true;
  private int moods;

  Chronicle(boolean shared) {
    this.shared = shared;
  }

  boolean shared() {
    return shared;
  }

  /** Lets payments of 13 cents fail or not. */
  void refuse(boolean refused) {
    refusing = refused;
  }

  /** Lets nothing fail any more. */
  void mend() {
    refusing = false;
    moody = false;
  }

  @Override
  public String name() {
    return "chronicle";
  }

  @Override
  public int version() {
    return 1;
  }

  @Override
  public Class<Seen> rowType() {
    return Seen.class;
  }

  @Override
  public List<Source<Seen>> sources() {
    return List.of(
        shared
            ? Source.keyed(Shop.ORDERS, recorded -> keys(recorded.id()), this::evolve)
            : Source.byStream(Shop.ORDERS, this::evolve));
  }

  @Override
  public List<Index<Seen>> indexes() {
    return List.of(Index.ofLong("events", Seen::events));
  }

  /** Returns the rows that an order is in. */
  List<String> keys(String id) {
    return shared ? List.of(id, "bucket-" + id.charAt(id.length() - 1), "all") : List.of(id);
  }

  private Seen evolve(String key, @Nullable Seen seen, Recorded<OrderEvent> recorded) {
    if (recorded.event() instanceof Paid(long cents) && key.equals(keys(recorded.id()).getLast())) {
      if ((cents == 13 && refusing) || (cents == 17 && moody && moods++ % 2 == 0)) {
        throw new IllegalStateException(cents + " cents are refused");
      }
    }
    var versions = new TreeMap<>(seen == null ? Map.of() : seen.versions());
    var applied = new ArrayList<>(versions.getOrDefault(recorded.id(), List.of()));
    applied.add(recorded.version());
    versions.put(recorded.id(), applied);
    return new Seen(versions);
  }
}
