package io.refold.projections.redis;

import static io.refold.projections.redis.Replies.list;
import static io.refold.projections.redis.Replies.script;
import static io.refold.projections.redis.Replies.text;
import static io.refold.projections.redis.Replies.yes;

import io.refold.eventstore.StreamId;
import io.refold.eventstore.redis.RedisScript;
import io.refold.eventstore.redis.RedisSession;
import io.refold.eventstore.redis.StoredBytes;
import io.refold.projections.store.DroppedEvent;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Lease;
import io.refold.projections.store.ParkedStream;
import io.refold.projections.store.ParkedStreams;
import io.refold.projections.store.Parking;
import io.refold.projections.store.Subscriptions.Outcome;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** {@link ParkedStreams} as scripts on a partition's slot. */
final class RedisParkedStreams implements ParkedStreams {
  private static final RedisScript LOAD = script("parked_load.lua");
  private static final RedisScript PARK = script("park.lua");
  private static final RedisScript ADVANCE = script("advance.lua");
  private static final RedisScript UNPARK = script("unpark.lua");
  private static final RedisScript DROP = script("drop.lua");
  private static final RedisScript ASK = script("parked_ask.lua");
  private static final RedisScript LIST = script("parked_list.lua");
  private static final RedisScript INHERIT = script("drop_inherit.lua");
  private static final String PARKED = "p:";
  private static final String REQUEST = "r:";
  private static final String RETRY = "retry";

  private final RedisSession session;
  private final ProjectionKeys keys;

  RedisParkedStreams(RedisSession session, ProjectionKeys keys) {
    this.session = session;
    this.keys = keys;
  }

  private Optional<Map<String, String>> owned(Lease lease, String key) {
    List<?> reply =
        list(
            session.evalRead(
                LOAD,
                List.of(keys.lease(lease.partition(), lease.generation()), key),
                lease.owner(),
                lease.epoch()));
    return reply.isEmpty()
        ? Optional.empty()
        : Optional.of(Replies.fields(reply.subList(1, reply.size())));
  }

  private Map<String, String> all(String key) {
    return Replies.fields(list(session.evalRead(LIST, List.of(key))));
  }

  @Override
  public Optional<Parking> load(Lease lease) {
    Optional<Map<String, String>> parked =
        owned(lease, keys.parked(lease.partition(), lease.generation()));
    return parked.flatMap(waiting ->
        owned(lease, keys.dropped(lease.partition(), lease.generation()))
            .map(dropped -> parking(waiting, dropped)));
  }

  private static Parking parking(Map<String, String> parked, Map<String, String> dropped) {
    var versions = new HashMap<StreamId, Long>();
    streams(parked).forEach(waits -> versions.put(waits.stream(), waits.version()));
    return new Parking(
        versions,
        StoredBytes.read(
            () -> "the record of dropped events",
            () -> dropped.keySet().stream().map(Addresses::parse).collect(Collectors.toSet())));
  }

  /** Reads the fields {@code p:<stream>}, each {@code <version> <attempts> <micros> <error>}. */
  private static List<ParkedStream> streams(Map<String, String> fields) {
    return StoredBytes.read(() -> "the record of parked streams", () -> parkedStreams(fields));
  }

  private static List<ParkedStream> parkedStreams(Map<String, String> fields) {
    var streams = new ArrayList<ParkedStream>();
    fields.forEach((field, value) -> {
      if (field.startsWith(PARKED)) {
        String[] parts = value.split(" ", 4);
        streams.add(
            new ParkedStream(
                StreamId.parse(field.substring(PARKED.length())),
                Long.parseLong(parts[0]),
                parts[3],
                Integer.parseInt(parts[1]),
                instant(parts[2])));
      }
    });
    return streams;
  }

  private static Instant instant(String micros) {
    return Instant.EPOCH.plus(Long.parseLong(micros), ChronoUnit.MICROS);
  }

  private Outcome fenced(RedisScript script, Lease lease, List<String> names, Object... args) {
    var all = new ArrayList<String>();
    all.add(keys.lease(lease.partition(), lease.generation()));
    all.addAll(names);
    var values = new ArrayList<Object>();
    values.add(lease.owner());
    values.add(lease.epoch());
    values.addAll(List.of(args));
    List<?> reply = list(session.eval(script, all, values.toArray()));
    return text(reply, 0).equals("done") ? Outcome.DONE : Outcome.NOT_OWNER;
  }

  private List<String> parkedKey(Lease lease) {
    return List.of(keys.parked(lease.partition(), lease.generation()));
  }

  @Override
  public Outcome park(Lease lease, StreamId stream, long version, String error, int attempts) {
    return park(lease, stream, version, error, attempts, "");
  }

  @Override
  public Outcome parkAgain(Lease lease, StreamId stream, long version, String error) {
    return park(lease, stream, version, error, 0, RETRY);
  }

  private Outcome park(
      Lease lease, StreamId stream, long version, String error, int attempts, String asked) {
    return fenced(
        PARK, lease, parkedKey(lease), stream.toString(), version, attempts, error, asked);
  }

  @Override
  public Outcome advance(Lease lease, StreamId stream, long version) {
    return fenced(ADVANCE, lease, parkedKey(lease), stream.toString(), version);
  }

  @Override
  public Outcome unpark(Lease lease, StreamId stream) {
    return fenced(UNPARK, lease, parkedKey(lease), stream.toString());
  }

  @Override
  public Outcome drop(Lease lease, Collection<EventAddress> events, String reason) {
    var args = new ArrayList<Object>();
    args.add(reason);
    for (EventAddress event : events) {
      args.add(event.version());
      args.add(event.stream().toString());
    }
    return fenced(
        DROP,
        lease,
        List.of(
            keys.parked(lease.partition(), lease.generation()),
            keys.dropped(lease.partition(), lease.generation())),
        args.toArray());
  }

  @Override
  public Optional<List<Request>> requests(Lease lease) {
    return owned(lease, keys.parked(lease.partition(), lease.generation()))
        .map(RedisParkedStreams::requests);
  }

  @Override
  public List<Request> asked(int partition, Generation generation) {
    return requests(all(keys.parked(partition, generation)));
  }

  private static List<Request> requests(Map<String, String> fields) {
    var requests = new ArrayList<Request>();
    fields.forEach((field, value) -> {
      if (field.startsWith(REQUEST)) {
        requests.add(
            StoredBytes.read(
                () -> "a request about a parked stream, " + field,
                () -> request(StreamId.parse(field.substring(REQUEST.length())), value)));
      }
    });
    return requests;
  }

  /** Reads {@code retry} or {@code drop <version> <reason>}. */
  private static Request request(StreamId stream, String value) {
    if (value.equals(RETRY)) {
      return new Request.Retry(stream);
    }
    String[] parts = value.split(" ", 3);
    return new Request.Drop(stream, Long.parseLong(parts[1]), parts[2]);
  }

  @Override
  public boolean ask(int partition, Generation generation, Request request) {
    return yes(
        list(
            session.eval(
                ASK,
                List.of(keys.parked(partition, generation)),
                request.stream().toString(),
                switch (request) {
                  case Request.Retry retry -> RETRY;
                  case Request.Drop drop -> "drop %d %s".formatted(drop.version(), drop.reason());
                },
                request instanceof Request.Drop drop ? drop.version() : 0)));
  }

  @Override
  public List<ParkedStream> parked(int partition, Generation generation) {
    return streams(all(keys.parked(partition, generation)));
  }

  @Override
  public List<DroppedEvent> dropped(int partition, Generation generation) {
    var dropped = new ArrayList<DroppedEvent>();
    all(keys.dropped(partition, generation))
        .forEach((event, value) -> {
          String[] parts = value.split(" ", 2);
          dropped.add(
              StoredBytes.read(
                  () -> "the record of dropped event " + event,
                  () -> new DroppedEvent(Addresses.parse(event), parts[1], instant(parts[0]))));
        });
    return dropped;
  }

  @Override
  public void inherit(int partition, Generation fresh, Generation old) {
    session.eval(
        INHERIT,
        List.of(
            keys.dropped(partition, fresh),
            keys.dropped(partition, old),
            keys.at(partition, fresh)));
  }
}
