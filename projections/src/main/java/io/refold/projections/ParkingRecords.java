package io.refold.projections;

import io.refold.eventstore.StreamId;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Heads.Head;
import io.refold.projections.store.Lease;
import io.refold.projections.store.ParkedStreams;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Subscriptions.Outcome;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Brings the records of what is parked and dropped in line with the heads of the shards, which tell
 * the truth: a record may have been lost with its server, and a predecessor may have died between
 * removing the record and the notes.
 */
record ParkingRecords(ParkedStreams streams, Lease lease) {
  private static final String WHY = "recorded again from what the rows say";

  /** Returns what is parked and dropped; empty if the lease is gone. */
  Optional<Parking> restore(List<Head> heads) {
    Optional<Parking> found = streams.load(lease);
    if (found.isEmpty()) {
      return found;
    }
    var parked = new HashMap<>(found.get().parked());
    for (var first : firstWaiting(heads).entrySet()) {
      StreamId stream = first.getKey();
      Long recorded = parked.put(stream, first.getValue());
      if (!first.getValue().equals(recorded)) {
        if (streams.parkAgain(lease, stream, first.getValue(), recorded == null ? WHY : "")
            != Outcome.DONE) {
          return Optional.empty();
        }
      }
    }
    var dropped = new HashSet<>(found.get().dropped());
    var lost = new HashSet<EventAddress>();
    heads.forEach(head -> lost.addAll(head.drops()));
    lost.removeAll(dropped);
    if (!lost.isEmpty() && streams.drop(lease, lost, WHY) != Outcome.DONE) {
      return Optional.empty();
    }
    dropped.addAll(lost);
    return Optional.of(new Parking(parked, dropped));
  }

  /** The first version that some shard which has passed the stream is without. */
  private static Map<StreamId, Long> firstWaiting(List<Head> heads) {
    var waiting = new HashMap<StreamId, Long>();
    for (Head head : heads) {
      head.notes().forEach((stream, note) -> waiting.merge(stream, note.version() + 1, Math::min));
    }
    return waiting;
  }
}
