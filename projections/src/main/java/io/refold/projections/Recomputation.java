package io.refold.projections;

import io.refold.eventstore.Position;
import io.refold.eventstore.StreamId;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Filling;
import io.refold.projections.store.Generations.Purpose;
import io.refold.projections.store.Heads;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Views;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Makes one row anew from its events, in the caller's thread. Most of history is folded first,
 * while the rows go on; then the generation is fenced, the rest is folded up to exactly where it
 * stands, and the row is written in place of what was read. One that dies is cancelled by the next
 * process that sees it. Not thread-safe.
 */
final class Recomputation<V> {
  private static final int PAGE = 1_000;

  private final ProjectionStore store;
  private final RowFormat<V> format;
  private final String key;
  private final Duration lease;
  private final String coordinator;
  private final Filling filling;
  private long kept = System.nanoTime();

  /**
   * Starts to.
   *
   * @throws RebuildRunningException if a rebuild or a verification is under way
   * @throws ReadModelMissingException if there are no rows
   */
  Recomputation(
      ProjectionStore store, RowFormat<V> format, String key, String worker, Duration lease) {
    this.store = store;
    this.format = format;
    this.key = RowFormat.checkKey(key);
    this.lease = lease;
    this.coordinator = worker + "/" + UUID.randomUUID();
    this.filling =
        VerificationRun.started(store, format, Purpose.RECOMPUTATION, coordinator, lease);
  }

  private Generation old() {
    return filling.old().generation();
  }

  private Generation fresh() {
    return filling.fresh().generation();
  }

  /**
   * Does it.
   *
   * @return what the row was and is; empty if it was right
   * @throws RebuildFailedException if an event cannot be applied, or another process has ended it;
   *     the row is what it was
   */
  Optional<Verification.Row> run() {
    try {
      return recompute();
    } catch (EventFailure failure) {
      throw failed(failure.reason(), failure);
    } catch (MissingEvents lost) {
      throw failed(lost.what(), lost);
    } catch (IllegalStateException ended) {
      throw failed(String.valueOf(ended.getMessage()), ended);
    } finally {
      store.generations().cancel(filling);
      for (int partition = 0; partition < store.events().partitions(); partition++) {
        store.subscriptions().cancel(partition, fresh(), old());
      }
    }
  }

  private RebuildFailedException failed(String reason, Throwable cause) {
    return new RebuildFailedException(
        "row '%s' of projection '%s' was not recomputed and is what it was: %s"
            .formatted(key, format.name(), reason),
        cause);
  }

  private Optional<Verification.Row> recompute() throws EventFailure, MissingEvents {
    var replay = new RowReplay<>(store, format, key, this::stillHolds);
    Map<Integer, Parking> before = parking();
    for (int partition : partitions()) {
      var live = store.subscriptions().outlook(partition, old());
      if (live.isPresent()) {
        replay.replay(live.get().state().settled(), left(before, partition));
      }
    }
    for (int partition = 0; partition < store.events().partitions(); partition++) {
      store.subscriptions().create(partition, fresh());
    }
    Standstill standstill =
        Standstill.of(store, format, filling, this::stillHolds)
            .orElseThrow(() -> new IllegalStateException("its rows are gone"));
    if (!standstill.lost().isEmpty()) {
      throw new IllegalStateException("the log has lost %s, rebuild".formatted(standstill.lost()));
    }
    standstill.complete();
    Map<Integer, Parking> now = parking();
    if (!now.equals(before)) { // parked, retried or dropped meanwhile
      replay = new RowReplay<>(store, format, key, this::stillHolds);
    }
    for (int partition : partitions()) {
      replay.replay(
          standstill.positions().getOrDefault(partition, Position.origin(partition)),
          left(now, partition));
    }
    stillHolds();
    return mend(standstill, replay.row());
  }

  /** The partitions whose events the row may have. */
  private List<Integer> partitions() {
    int all = store.events().partitions();
    if (!format.shared()) {
      String category = format.categories().iterator().next();
      return List.of(new StreamId(category, key).partition(all));
    }
    var partitions = new ArrayList<Integer>();
    for (int partition = 0; partition < all; partition++) {
      partitions.add(partition);
    }
    return partitions;
  }

  private Map<Integer, Parking> parking() {
    var left = new HashMap<Integer, Parking>();
    for (int partition : partitions()) {
      left.put(partition, parking(partition));
    }
    return left;
  }

  /**
   * Returns what the row is without. Which events of a parked stream a shard has not, only its head
   * tells: it may have passed the failing one before that failed in another shard, and then gets no
   * retry of it.
   */
  private Parking parking(int partition) {
    Heads.Head head =
        store
            .views()
            .head(old(), shard(), partition)
            .orElseThrow(() -> new IllegalStateException("its rows are gone"));
    var waiting = new HashMap<StreamId, Long>();
    head.notes().forEach((stream, note) -> waiting.put(stream, note.version() + 1));
    return new Parking(waiting, Standstill.parking(store, partition, old()).dropped());
  }

  private int shard() {
    return RowFormat.shard(key, filling.old().shape().shards());
  }

  private static Parking left(Map<Integer, Parking> parking, int partition) {
    return parking.getOrDefault(partition, Parking.NONE);
  }

  private Optional<Verification.Row> mend(Standstill standstill, Optional<String> right) {
    int shard = shard();
    Views.ShardRows read =
        store
            .views()
            .read(old(), 0, Map.of(shard, List.of(key)), List.of())
            .map(shards -> shards.get(shard))
            .orElseThrow(() -> new IllegalStateException("its rows are gone"));
    Views.StoredRow stored = read.rows().get(key);
    @Nullable String json = right.orElse(null);
    var change =
        new Views.RowChange(
            key,
            stored == null ? 0 : stored.revision(),
            json,
            entriesThere(shard),
            json == null ? List.of() : format.entries(format.read(key, json)));
    Views.Outcome outcome =
        store.views().mend(shard, standstill.lease(partitions().getFirst()), change);
    if (outcome != Views.Outcome.DONE) {
      throw new IllegalStateException("its rows do not stand still any more: " + outcome);
    }
    Optional<String> was = Optional.ofNullable(stored).map(Views.StoredRow::json);
    boolean same =
        was.isPresent() == right.isPresent()
            && (was.isEmpty() || !Comparison.differ(format, key, was.get(), right.orElseThrow()));
    return same ? Optional.empty() : Optional.of(new Verification.Row(key, was, right));
  }

  /** Returns the places that indexes have for the row, whatever it is. */
  private List<Views.IndexEntry> entriesThere(int shard) {
    var there = new ArrayList<Views.IndexEntry>();
    String end = '\0' + key;
    for (String index : format.shape(1).indexes()) {
      String from = "-";
      List<String> members;
      do {
        stillHolds();
        members =
            store
                .views()
                .members(old(), shard, new Views.Span(index, from, "+", false, PAGE))
                .orElseThrow(() -> new IllegalStateException("its rows are gone"));
        for (String member : members) {
          if (member.endsWith(end) && member.indexOf('\0') == member.length() - end.length()) {
            there.add(
                new Views.IndexEntry(index, member.substring(0, member.length() - end.length())));
          }
        }
        from = members.isEmpty() ? from : "(" + members.getLast();
      } while (members.size() == PAGE);
    }
    return there;
  }

  /** Keeps others from taking the fence for one that was left behind. */
  private void stillHolds() {
    long now = System.nanoTime();
    if (now - kept > lease.toNanos() / 3) {
      if (store.generations().keep(filling, coordinator, lease).isEmpty()) {
        throw new IllegalStateException("it was ended by another process");
      }
      kept = now;
    }
  }
}
