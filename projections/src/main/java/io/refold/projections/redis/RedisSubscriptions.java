package io.refold.projections.redis;

import static io.refold.projections.redis.Replies.list;
import static io.refold.projections.redis.Replies.number;
import static io.refold.projections.redis.Replies.script;
import static io.refold.projections.redis.Replies.text;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.redis.RedisEventStore;
import io.refold.eventstore.redis.RedisScript;
import io.refold.eventstore.redis.RedisSession;
import io.refold.eventstore.redis.StoredBytes;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Subscriptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@link Subscriptions} as scripts on a partition's slot. */
final class RedisSubscriptions implements Subscriptions {
  private static final RedisScript ACQUIRE = script("acquire.lua");
  private static final RedisScript RENEW = script("renew.lua");
  private static final RedisScript RELEASE = script("release.lua");
  private static final RedisScript STATE = script("state.lua");
  private static final RedisScript MISSING = script("missing.lua");
  private static final RedisScript PENDING = script("pending.lua");
  private static final RedisScript NEXT = script("next.lua");
  private static final RedisScript HAND_OVER = script("hand_over.lua");
  private static final RedisScript SETTLE = script("settle.lua");
  private static final RedisScript REPORT = script("report.lua");
  private static final RedisScript SUBSCRIBE = script("subscribe.lua");
  private static final RedisScript START_ANEW = script("start_anew.lua");
  private static final RedisScript BOUND = script("bound.lua");
  private static final RedisScript UNSUBSCRIBE = script("unsubscribe.lua");
  private static final RedisScript FREEZE = script("freeze.lua");
  private static final RedisScript THAW = script("thaw.lua");
  private static final RedisScript ARRIVAL = script("arrival.lua");
  private static final RedisScript OUTLOOK = script("outlook.lua");
  private static final String SHARD = "shard:";
  private static final Duration ASK_AGAIN = Duration.ofMillis(100);

  private final EventStore events;
  private final RedisSession session;
  private final ProjectionKeys keys;
  private final LocalSettlements local = new LocalSettlements(ASK_AGAIN);

  RedisSubscriptions(RedisEventStore events, ProjectionKeys keys) {
    this.events = events;
    this.session = events.session();
    this.keys = keys;
  }

  private List<?> eval(RedisScript script, List<String> names, Object... args) {
    return list(session.eval(script, names, args));
  }

  private List<?> read(RedisScript script, List<String> names, Object... args) {
    return list(session.evalRead(script, names, args));
  }

  private String lease(Lease lease) {
    return keys.lease(lease.partition(), lease.generation());
  }

  private String at(Lease lease) {
    return keys.at(lease.partition(), lease.generation());
  }

  @Override
  public Acquisition acquire(
      Generation generation, int partition, String owner, Duration length, long minEpoch) {
    List<?> reply =
        eval(
            ACQUIRE,
            List.of(keys.lease(partition, generation), keys.at(partition, generation)),
            owner,
            Replies.micros(length),
            minEpoch);
    if (!text(reply, 0).equals("granted")) {
      local.left(generation, partition);
    }
    return switch (text(reply, 0)) {
      case "granted" ->
          new Acquisition.Granted(
              new Lease(generation, partition, owner, epoch(partition, reply, 1)));
      case "held" -> new Acquisition.Held(text(reply, 1));
      case "fenced" -> new Acquisition.Fenced();
      default -> new Acquisition.Gone();
    };
  }

  @Override
  public List<Lease> renew(int partition, List<Lease> leases, Duration length) {
    if (leases.isEmpty()) {
      return List.of();
    }
    var args = new ArrayList<Object>();
    args.add(Replies.micros(length));
    for (Lease lease : leases) {
      args.add(lease.owner());
      args.add(lease.epoch());
    }
    List<?> reply = eval(RENEW, leases.stream().map(this::lease).toList(), args.toArray());
    var held = new ArrayList<Lease>();
    for (int i = 0; i < leases.size(); i++) {
      if (number(reply, i) == 1) {
        held.add(leases.get(i));
      } else {
        local.left(leases.get(i));
      }
    }
    return held;
  }

  @Override
  public void release(Lease lease) {
    local.left(lease);
    eval(RELEASE, List.of(lease(lease)), lease.owner(), lease.epoch());
  }

  @Override
  public Optional<State> state(Lease lease) {
    List<?> reply = read(STATE, List.of(lease(lease), at(lease)), lease.owner(), lease.epoch());
    return reply.isEmpty() ? Optional.empty() : Optional.of(state(lease.partition(), reply));
  }

  private static long epoch(int partition, List<?> reply, int index) {
    return StoredBytes.read(
        () -> "the lease of partition " + partition, () -> Long.parseLong(text(reply, index)));
  }

  private static Position position(int partition, List<?> reply, int index) {
    return StoredBytes.read(
        () -> "a place in the log of partition " + partition,
        () -> Position.ofLogId(partition, text(reply, index)));
  }

  private static State state(int partition, List<?> at) {
    return StoredBytes.read(
        () -> "what a projection has settled in partition " + partition,
        () -> stateOf(partition, at));
  }

  private static State stateOf(int partition, List<?> at) {
    Map<String, String> fields = Replies.fields(at);
    var shards = new HashMap<Integer, Position>();
    fields.forEach((field, value) -> {
      if (field.startsWith(SHARD)) {
        shards.put(
            Integer.parseInt(field, SHARD.length(), field.length(), 10),
            Position.ofLogId(partition, value));
      }
    });
    return new State(
        Position.ofLogId(partition, fields.getOrDefault("settled", "0-0")),
        Long.parseLong(fields.getOrDefault("events", "0")),
        Long.parseLong(fields.getOrDefault("outdated", "0")),
        "1".equals(fields.get("grouped")),
        shards,
        fields.getOrDefault("problem", ""));
  }

  @Override
  public List<Position> missing(int partition, Collection<Position> positions) {
    Object[] ids = positions.stream().map(Position::logId).distinct().toArray();
    List<?> reply = read(MISSING, List.of(keys.log(partition)), ids);
    var missing = new ArrayList<Position>();
    for (Object id : reply) {
      missing.add(Position.ofLogId(partition, text(id)));
    }
    return missing;
  }

  @Override
  public Reading pending(Lease lease, Position last, int count) {
    return grouped(PENDING, lease, last, count);
  }

  @Override
  public Reading next(Lease lease, Position last, int count) {
    return grouped(NEXT, lease, last, count);
  }

  private Reading grouped(RedisScript script, Lease lease, Position last, int count) {
    Reading reading =
        reading(
            lease.partition(),
            count,
            eval(
                script,
                List.of(lease(lease), at(lease), keys.log(lease.partition())),
                lease.owner(),
                lease.epoch(),
                keys.group(lease.generation()),
                last.logId(),
                count));
    if (reading instanceof Reading.NotOwner) {
      local.left(lease);
    }
    return reading;
  }

  /**
   * By a plain command: through a script, the entries would cost the server several times as much.
   * What is looked at afterwards held before: no epoch comes twice, and what the log holds behind a
   * bound is left out.
   */
  @Override
  public Reading range(Lease lease, Position last, int count) {
    boolean first = last.sequence() == 0;
    long behind = first ? 0 : last.sequence() - 1;
    int most = Math.min(first ? count : count + 1, EventStore.MAX_PAGE);
    List<LogEntry> read = events.readLog(lease.partition(), behind, most);
    List<?> at = read(STATE, List.of(lease(lease), at(lease)), lease.owner(), lease.epoch());
    if (at.isEmpty()) {
      return new Reading.NotOwner();
    }
    if (!first && (read.isEmpty() || !read.getFirst().position().equals(last))) {
      return new Reading.Lost();
    }
    List<LogEntry> entries = first ? read : read.subList(1, read.size());
    String until = Replies.fields(at).get("until");
    if (until == null) {
      return new Reading.Entries(entries, read.size() < most);
    }
    long bound =
        StoredBytes.read(
            () -> "the bound of a verification in partition " + lease.partition(),
            () -> Position.ofLogId(lease.partition(), until).sequence());
    List<LogEntry> bounded =
        entries.stream().filter(entry -> entry.position().sequence() <= bound).toList();
    return bounded.isEmpty() ? new Reading.Bounded() : new Reading.Entries(bounded, false);
  }

  private static Reading reading(int partition, int count, List<?> reply) {
    return switch (text(reply, 0)) {
      case "ok" -> {
        List<?> raw = list(reply.get(1));
        var entries = new ArrayList<LogEntry>(raw.size());
        for (Object entry : raw) {
          entries.add(Replies.logEntry(partition, list(entry)));
        }
        yield new Reading.Entries(entries, entries.size() < count);
      }
      case "lost" -> new Reading.Lost();
      case "bounded" -> new Reading.Bounded();
      default -> new Reading.NotOwner();
    };
  }

  @Override
  public Outcome handOver(Lease lease, Position last) {
    return outcome(
        eval(
            HAND_OVER,
            List.of(lease(lease), at(lease), keys.log(lease.partition())),
            lease.owner(),
            lease.epoch(),
            keys.group(lease.generation()),
            last.logId()));
  }

  @Override
  public Outcome settle(Lease lease, Settlement settlement) {
    var args = new ArrayList<Object>();
    args.add(lease.owner());
    args.add(lease.epoch());
    args.add(keys.group(lease.generation()));
    args.add(settlement.last().logId());
    args.add(settlement.events());
    args.add(settlement.outdated());
    args.add(settlement.acknowledged().size());
    settlement.acknowledged().forEach(position -> args.add(position.logId()));
    settlement
        .shards()
        .forEach((shard, checkpoint) -> {
          args.add(shard);
          args.add(checkpoint.logId());
        });
    Outcome outcome =
        outcome(
            eval(
                SETTLE,
                List.of(lease(lease), at(lease), keys.log(lease.partition())),
                args.toArray()));
    if (outcome == Outcome.DONE) {
      local.settled(lease, settlement.last());
    } else {
      local.left(lease);
    }
    return outcome;
  }

  @Override
  public Outcome report(Lease lease, String problem, int attempts) {
    return outcome(
        eval(
            REPORT,
            List.of(lease(lease), at(lease)),
            lease.owner(),
            lease.epoch(),
            problem,
            attempts));
  }

  private static Outcome outcome(List<?> reply) {
    return switch (text(reply, 0)) {
      case "done" -> Outcome.DONE;
      case "lost" -> Outcome.LOST;
      default -> Outcome.NOT_OWNER;
    };
  }

  @Override
  public void create(int partition, Generation generation, Place behind) {
    eval(
        SUBSCRIBE, List.of(keys.at(partition, generation)), behind.last().logId(), behind.events());
  }

  @Override
  public boolean startAnew(int partition, Generation generation, Place behind) {
    List<String> names =
        List.of(
            keys.at(partition, generation),
            keys.parked(partition, generation),
            keys.dropped(partition, generation),
            keys.log(partition));
    return Replies.yes(
        eval(START_ANEW, names, keys.group(generation), behind.last().logId(), behind.events()));
  }

  @Override
  public void bound(Generation generation, Position until) {
    eval(BOUND, List.of(keys.at(until.partition(), generation)), until.logId());
  }

  @Override
  public Optional<Fence> fence(int partition, Generation old, Generation fresh) {
    List<?> reply =
        eval(
            FREEZE,
            List.of(keys.lease(partition, old), keys.at(partition, old), keys.at(partition, fresh)),
            fresh.number());
    return reply.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new Fence(
                new Lease(old, partition, "rebuild", epoch(partition, reply, 0)),
                position(partition, reply, 1)));
  }

  @Override
  public void cancel(int partition, Generation fresh, Generation old) {
    var names = new ArrayList<>(keys.subscription(partition, fresh));
    names.add(keys.log(partition));
    names.add(keys.lease(partition, old));
    eval(THAW, names, keys.group(fresh), fresh.number());
  }

  @Override
  public void delete(int partition, Generation generation) {
    var names = new ArrayList<>(keys.subscription(partition, generation));
    names.add(keys.log(partition));
    eval(UNSUBSCRIBE, names, keys.group(generation));
  }

  @Override
  public void linger(Generation generation, Position position, Duration pause, Duration most) {
    if (!local.await(generation, position, most)) {
      Subscriptions.super.linger(generation, position, pause, most);
    }
  }

  @Override
  public Arrival arrival(Generation generation, Position position) {
    int partition = position.partition();
    List<?> reply =
        read(
            ARRIVAL,
            List.of(
                keys.at(partition, generation),
                keys.log(partition),
                keys.parked(partition, generation)),
            position.logId());
    return switch (text(reply, 0)) {
      case "applied" -> Arrival.APPLIED;
      case "parked" -> Arrival.PARKED;
      case "pending" -> Arrival.PENDING;
      case "lost" -> Arrival.LOST;
      default -> Arrival.GONE;
    };
  }

  @Override
  public Optional<Outlook> outlook(int partition, Generation generation) {
    List<?> reply =
        read(
            OUTLOOK,
            List.of(
                keys.lease(partition, generation),
                keys.at(partition, generation),
                keys.log(partition),
                keys.count(partition),
                keys.parked(partition, generation)));
    return reply.isEmpty()
        ? Optional.empty()
        : Optional.of(
            StoredBytes.read(
                () -> "what is known of a projection in partition " + partition,
                () -> outlook(partition, reply)));
  }

  private static Outlook outlook(int partition, List<?> reply) {
    return new Outlook(
        state(partition, list(reply.get(7))),
        text(reply, 0),
        number(reply, 1) == 1,
        position(partition, reply, 2),
        number(reply, 3),
        number(reply, 4),
        (int) number(reply, 5),
        (int) number(reply, 6));
  }
}
