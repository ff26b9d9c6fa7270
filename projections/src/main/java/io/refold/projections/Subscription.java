package io.refold.projections;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Generations.Layout;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Subscriptions.Reading;
import java.util.List;
import java.util.Map;

/** What owners of partitions work on: a generation, with what its events do. */
record Subscription(
    ProjectionStore store, Layout layout, Target target, Resolver resolver, Pacing pacing) {
  private static final int CAREFUL_ENTRIES = 16;

  static Subscription of(
      ProjectionStore store, Subscriber subscriber, Layout layout, SharedEvents events) {
    return new Subscription(
        store,
        layout,
        subscriber.target(store, layout),
        new Resolver(store.events(), events, subscriber.categories()),
        new Pacing());
  }

  Generation generation() {
    return layout.generation();
  }

  int shards() {
    return layout.shape().shards();
  }

  /** Returns how many log entries to read at once. */
  int entries(int most) {
    return pacing.entries(target.careful() ? Math.min(CAREFUL_ENTRIES, most) : most);
  }

  /** Reads the history behind a position: a window of it, which other generations may share. */
  Reading history(Lease lease, Position last, int most) {
    return resolver.events().history(store.subscriptions(), lease, last, most);
  }

  /** Returns the first entries that are settled together: an append is never split. */
  List<LogEntry> batch(List<LogEntry> entries) {
    List<LogEntry> batch = PartitionOwner.atMost(entries);
    for (int i = 0; target.careful() && i < batch.size(); i++) {
      if (resolver.wants(batch.get(i))) {
        return batch.subList(0, i + 1);
      }
    }
    return batch;
  }

  /**
   * Applies the events of consecutive log entries.
   *
   * @throws EventFailure as {@link Target#apply} does
   */
  Target.Result apply(
      Lease lease, List<LogEntry> entries, Parking parking, Map<Integer, Position> recorded)
      throws EventFailure {
    try {
      return target.apply(
          lease, resolver.resolve(entries), entries.getLast().position(), parking, recorded);
    } catch (MissingEvents lost) {
      resolver.drop(entries);
      return new Target.Result.Lost(lost.what());
    } catch (EventFailure failure) {
      resolver.drop(entries);
      throw failure;
    }
  }
}
