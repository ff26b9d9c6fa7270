package io.refold.projections;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Lease;
import io.refold.projections.store.ParkedStreams;
import io.refold.projections.store.ParkedStreams.Request;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Subscriptions.Outcome;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * What waits in a partition, as its owner knows it: nobody else changes it while the lease is held.
 * It parks streams, and does what was asked about them. Not thread-safe.
 */
final class ParkingLot {
  private static final int PAGE = 1_000;

  private final Subscription subscription;
  private final Lease lease;
  private final ParkedStreams streams;
  private Parking parking;

  /** Starts with what a takeover has found. */
  ParkingLot(Subscription subscription, Lease lease, Parking found) {
    this.subscription = subscription;
    this.lease = lease;
    this.streams = subscription.store().parkedStreams();
    this.parking = found;
  }

  /** Returns what is left out. */
  Parking parking() {
    return parking;
  }

  /**
   * Parks the stream of a failing event from that one on, before any shard passes it.
   *
   * @param attempts how often it was tried
   * @return false if the lease is gone
   */
  boolean park(EventFailure failure, int attempts) {
    StreamId stream = failure.event().stream();
    long version =
        Math.min(failure.event().version(), parking.parked().getOrDefault(stream, Long.MAX_VALUE));
    return park(stream, version, failure, attempts);
  }

  private boolean park(StreamId stream, long version, EventFailure failure, int attempts) {
    parking = parking.parking(stream, version);
    return streams.park(lease, stream, version, failure.reason(), attempts) == Outcome.DONE;
  }

  /**
   * Does what was asked about parked streams. To be called while no entry is read and not settled.
   *
   * @param settled up to where all shards are
   * @return false if the lease or the generation is gone
   * @throws MissingEvents if a parked stream is not what it was
   */
  boolean answer(Position settled) throws MissingEvents {
    if (parking.parked().isEmpty()) {
      return true;
    }
    Optional<List<Request>> requests = streams.requests(lease);
    if (requests.isEmpty()) {
      return false;
    }
    for (Request request : requests.get()) {
      if (!answer(request, settled)) {
        return false;
      }
    }
    return true;
  }

  private boolean answer(Request request, Position settled) throws MissingEvents {
    StreamId stream = request.stream();
    Long first = parking.parked().get(stream);
    if (first == null) {
      return streams.unpark(lease, stream) == Outcome.DONE;
    }
    if (request instanceof Request.Drop drop && drop.version() == first && exists(stream, first)) {
      var event = new EventAddress(stream, first);
      if (streams.drop(lease, List.of(event), drop.reason()) != Outcome.DONE) {
        return false;
      }
      parking = parking.dropping(event);
    }
    return retry(stream, settled);
  }

  /** Notes that a crash has left behind are parked in front of an event that may never come. */
  private boolean exists(StreamId stream, long version) {
    return !subscription.store().events().read(stream, version - 1, 1).isEmpty();
  }

  /** Applies a stream as far as it can be; the record moves on to an event that fails. */
  private boolean retry(StreamId stream, Position settled) throws MissingEvents {
    long first = parking.parked().getOrDefault(stream, 1L);
    long from =
        parking.dropped().stream()
            .filter(event -> event.stream().equals(stream))
            .mapToLong(EventAddress::version)
            .reduce(first, Math::min);
    EventStore store = subscription.store().events();
    long version = Math.max(0, from - 2); // the event before tells that the stream is there
    List<StoredEvent> page;
    do {
      page = store.read(stream, version, PAGE);
      for (StoredEvent event : page) {
        check(store, stream, version + 1, event.version());
        version = event.version();
        if (version < first && !parking.drops(event)) {
          continue;
        }
        try {
          switch (subscription.target().retry(lease, event, parking, settled)) {
            case DONE -> {
              if (!advance(event, settled)) {
                return false;
              }
            }
            case LATER -> {
              return true;
            }
            case NOT_OWNER, GONE -> {
              return false;
            }
          }
        } catch (EventFailure failure) {
          return park(stream, event.version(), failure, 1);
        }
      }
    } while (page.size() == PAGE);
    check(store, stream, version + 1, Math.max(2, first));
    return unpark(stream);
  }

  /** What was done and is not to be done twice is behind the record, whatever happens next. */
  private boolean advance(StoredEvent event, Position settled) {
    if (!subscription.target().careful()
        || event.position().sequence() > settled.sequence()
        || !parking.parks(event)) {
      return true;
    }
    parking = parking.parking(event.stream(), event.version() + 1);
    return streams.advance(lease, event.stream(), event.version() + 1) == Outcome.DONE;
  }

  /** A gap is lost history, unless the stream was deleted. */
  private static void check(EventStore store, StreamId stream, long expected, long found)
      throws MissingEvents {
    if (found > expected) {
      List<StoredEvent> start = store.read(stream, 0, 1);
      if (start.isEmpty() || !Resolver.isDeletion(start.getFirst())) {
        throw new MissingEvents(Map.of(stream, LongStream.range(expected, found).boxed().toList()));
      }
    }
  }

  /** The record goes first: notes without a record are found by a takeover, and retried. */
  private boolean unpark(StreamId stream) {
    if (streams.unpark(lease, stream) != Outcome.DONE) {
      return false;
    }
    parking = parking.without(stream);
    for (int shard = 0; shard < subscription.shards(); shard++) {
      subscription.target().heads().unnote(shard, lease, stream);
    }
    return true;
  }
}
