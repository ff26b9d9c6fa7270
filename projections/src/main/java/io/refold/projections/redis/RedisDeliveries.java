package io.refold.projections.redis;

import static io.refold.projections.redis.Replies.list;
import static io.refold.projections.redis.Replies.number;
import static io.refold.projections.redis.Replies.script;
import static io.refold.projections.redis.Replies.text;
import static io.refold.projections.redis.Replies.yes;

import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.redis.RedisScript;
import io.refold.eventstore.redis.RedisSession;
import io.refold.eventstore.redis.StoredBytes;
import io.refold.projections.store.Deliveries;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generation;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** {@link Deliveries} as consumers of a group on a partition's log. */
final class RedisDeliveries implements Deliveries {
  private static final RedisScript NEXT = script("deliver_next.lua");
  private static final RedisScript TEND = script("deliver_tend.lua");
  private static final RedisScript KEEP = script("deliver_keep.lua");
  private static final RedisScript SETTLE = script("deliver_settle.lua");
  private static final RedisScript LOST = script("deliver_lost.lua");
  private static final RedisScript LEAVE = script("deliver_leave.lua");
  private static final RedisScript RESOLVE = script("deliver_resolve.lua");
  private static final RedisScript LIST = script("parked_list.lua");
  private static final String FAILED = "e:";
  private static final int LOOK_AT = 200;
  private static final int MOVE = 1_000;

  private final RedisSession session;
  private final ProjectionKeys keys;

  RedisDeliveries(RedisSession session, ProjectionKeys keys) {
    this.session = session;
    this.keys = keys;
  }

  private List<?> eval(RedisScript script, List<String> names, Object... args) {
    return list(session.eval(script, names, args));
  }

  private String log(Consumer consumer) {
    return keys.log(consumer.partition());
  }

  private String group(Consumer consumer) {
    return keys.group(consumer.generation());
  }

  @Override
  public Delivery next(Consumer consumer, Set<String> categories) {
    var args = new ArrayList<Object>(List.of(group(consumer), consumer.name(), LOOK_AT));
    args.addAll(categories);
    String at = keys.at(consumer.partition(), consumer.generation());
    List<?> reply = eval(NEXT, List.of(at, log(consumer)), args.toArray());
    return switch (text(reply, 0)) {
      case "entry" -> new Delivery.Entry(entry(consumer, list(reply.get(1))));
      case "more" -> new Delivery.More();
      case "lost" -> new Delivery.Lost();
      default -> new Delivery.Nothing();
    };
  }

  private static LogEntry entry(Consumer consumer, List<?> entry) {
    return Replies.logEntry(consumer.partition(), entry);
  }

  @Override
  public Tended tend(Consumer consumer, Duration idle, Duration lease) {
    List<?> reply =
        eval(
            TEND,
            List.of(
                keys.lease(consumer.partition(), consumer.generation()),
                keys.at(consumer.partition(), consumer.generation()),
                log(consumer)),
            group(consumer),
            consumer.name(),
            idle.toMillis(),
            Replies.micros(lease),
            MOVE);
    return new Tended(
        reply.size() > 1 ? Optional.of(entry(consumer, list(reply.get(1)))) : Optional.empty(),
        number(reply, 0) == 1);
  }

  @Override
  public void keep(Consumer consumer, Collection<Position> entries) {
    if (!entries.isEmpty()) {
      var args = new ArrayList<Object>(List.of(group(consumer), consumer.name()));
      entries.forEach(position -> args.add(position.logId()));
      eval(KEEP, List.of(log(consumer)), args.toArray());
    }
  }

  @Override
  public void settle(Consumer consumer, Position entry, Collection<Failed> failed) {
    var args = new ArrayList<Object>(List.of(group(consumer), consumer.name(), entry.logId()));
    for (Failed event : failed) {
      args.add(Addresses.text(event.event()));
      args.add(event.attempts());
      args.add(event.error());
    }
    eval(
        SETTLE,
        List.of(log(consumer), keys.parked(consumer.partition(), consumer.generation())),
        args.toArray());
  }

  @Override
  public void lost(Consumer consumer, String problem) {
    eval(LOST, List.of(keys.at(consumer.partition(), consumer.generation())), problem);
  }

  @Override
  public void leave(Consumer consumer) {
    eval(LEAVE, List.of(log(consumer)), group(consumer), consumer.name());
  }

  @Override
  public List<Failed> failed(int partition, Generation generation) {
    Map<String, String> fields =
        Replies.fields(list(session.evalRead(LIST, List.of(keys.parked(partition, generation)))));
    return StoredBytes.read(
        () -> "the record of failures of %s in partition %d".formatted(generation, partition),
        () -> failed(fields));
  }

  private static List<Failed> failed(Map<String, String> fields) {
    var failed = new ArrayList<Failed>();
    fields.forEach((field, value) -> {
      if (field.startsWith(FAILED)) {
        String[] parts = value.split(" ", 3);
        failed.add(
            new Failed(
                Addresses.parse(field.substring(FAILED.length())),
                parts[2],
                Integer.parseInt(parts[0]),
                Instant.EPOCH.plus(Long.parseLong(parts[1]), ChronoUnit.MICROS)));
      }
    });
    return failed;
  }

  private boolean resolve(int partition, Generation generation, EventAddress event, Object... how) {
    var args = new ArrayList<Object>();
    args.add(Addresses.text(event));
    args.addAll(List.of(how));
    return yes(
        eval(
            RESOLVE,
            List.of(keys.parked(partition, generation), keys.dropped(partition, generation)),
            args.toArray()));
  }

  @Override
  public boolean replace(int partition, Generation generation, Failed failed) {
    return resolve(
        partition, generation, failed.event(), "replace", failed.attempts(), failed.error());
  }

  @Override
  public boolean remove(int partition, Generation generation, EventAddress event) {
    return resolve(partition, generation, event, "remove");
  }

  @Override
  public boolean drop(int partition, Generation generation, EventAddress event, String reason) {
    return resolve(partition, generation, event, "drop", 0, reason);
  }
}
