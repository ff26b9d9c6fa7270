package io.refold.eventstore.redis;

import io.refold.eventstore.Append;
import io.refold.eventstore.AppendResult;
import io.refold.eventstore.Confirmation;
import io.refold.eventstore.Durability;
import io.refold.eventstore.EncodedEvent;
import io.refold.eventstore.EventStore;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.Limits;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.LogHead;
import io.refold.eventstore.Metadata;
import io.refold.eventstore.Position;
import io.refold.eventstore.ReplyLostException;
import io.refold.eventstore.SnapshotStore;
import io.refold.eventstore.StoreMisconfiguredException;
import io.refold.eventstore.StoreUnavailableException;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.StreamMark;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.redisson.config.Config;

/**
 * Keeps events in Redis or Valkey: a stream per aggregate, a log per partition. The layout is in
 * {@code docs/redis-layout.md}. Thread-safe; one instance per process is enough.
 *
 * <p>An append is one script call on one cluster slot, so it is atomic. What a crash of the server
 * can take back is a matter of its configuration; {@link #warnings()} says what it allows.
 */
public final class RedisEventStore implements EventStore {
  /** The layout of keys and entries that this version reads and writes. */
  public static final int LAYOUT = 1;

  private static final RedisScript APPEND =
      RedisScript.load(RedisEventStore.class, "append.lua", "exact.lua", "stream.lua");
  private static final RedisScript MARK =
      RedisScript.load(RedisEventStore.class, "mark.lua", "stream.lua");
  private static final RedisScript CONFIRM = RedisScript.load(RedisEventStore.class, "confirm.lua");
  private static final RedisScript HEAD = RedisScript.load(RedisEventStore.class, "head.lua");

  private final RedisSession session;
  private final Keys keys;
  private final int partitions;
  private final Limits limits;
  private final Durability durability;
  private final Disks disks;
  private final List<String> warnings;
  private final EventFetch fetch;
  private final RedisSnapshots snapshots;

  RedisEventStore(
      RedisSession session,
      Keys keys,
      int partitions,
      Limits limits,
      Durability durability,
      Disks disks,
      List<String> warnings) {
    this.session = session;
    this.keys = keys;
    this.partitions = partitions;
    this.limits = limits;
    this.durability = durability;
    this.disks = disks;
    this.warnings = warnings;
    this.fetch = new EventFetch(session, keys, partitions);
    this.snapshots = new RedisSnapshots(session, keys, partitions);
  }

  /**
   * Opens the store in the namespace {@code refold} of a server, and creates it with 16 partitions
   * if there is none.
   *
   * @param url {@code redis[s]://[user[:password]@]host[:port][/database]}, or several {@code
   *     host[:port]} of a cluster, separated by commas
   * @throws IllegalArgumentException if the address cannot be understood
   * @throws StoreUnavailableException if the server cannot be reached
   * @throws StoreMisconfiguredException if the server would lose history, or is too old
   */
  public static RedisEventStore connect(String url) {
    return to(url).open();
  }

  /**
   * Opens the store in the namespace {@code refold} of the servers in a Redisson configuration: a
   * single server, a cluster, or sentinels. Reads from masters and never repeats a call that may
   * have been executed, whatever the configuration says.
   *
   * @throws IllegalArgumentException if the configuration names none of these, or has a NameMapper
   * @throws StoreUnavailableException if the servers cannot be reached
   * @throws StoreMisconfiguredException if a server would lose history, or is too old
   */
  public static RedisEventStore connect(Config config) {
    return to(config).open();
  }

  /**
   * Starts to describe a store at an address.
   *
   * @param url {@code redis[s]://[user[:password]@]host[:port][/database]}, or several {@code
   *     host[:port]} of a cluster, separated by commas
   * @throws IllegalArgumentException if the address cannot be understood
   */
  public static RedisEventStoreBuilder to(String url) {
    return new RedisEventStoreBuilder(RedisConnections.ofUrl(url));
  }

  /**
   * Starts to describe a store on the servers of a Redisson configuration: a single server, a
   * cluster, or sentinels.
   *
   * @throws IllegalArgumentException if the configuration names none of these, or has a NameMapper
   */
  public static RedisEventStoreBuilder to(Config config) {
    return new RedisEventStoreBuilder(config);
  }

  /**
   * Returns what the servers' configuration allows to be lost, as it was when the store was opened:
   * a sentence for each fact and each master, which it names, the worst first.
   */
  public List<String> warnings() {
    return warnings;
  }

  /** Returns the connection, for code that keeps further data beside the events. */
  public RedisSession session() {
    return session;
  }

  @Override
  public int partitions() {
    return partitions;
  }

  @Override
  public AppendResult append(Append append) {
    limits.check(append);
    int partition = partitionOf(append.writes().getFirst().stream());
    var names = new ArrayList<String>();
    names.add(keys.log(partition));
    names.add(keys.count(partition));
    var args = new ArrayList<Object>();
    args.add(append.commandId());
    args.add(Entries.metadata(append.metadata()));
    args.add(RECOGNISED_EVENTS);
    args.add(RECOGNISED_EVENTS);
    for (Append.StreamWrite write : append.writes()) {
      names.add(keys.stream(write.stream()));
      args.add(write.stream());
      args.add(expected(write.expected()));
      args.add(write.events().size());
      for (EncodedEvent event : write.events()) {
        args.add(event.type());
        args.add(event.data());
      }
    }
    return write(append, APPEND, names, args);
  }

  @Override
  public AppendResult mark(
      StreamId stream, StreamMark mark, ExpectedVersion expected, String commandId) {
    int partition = partitionOf(stream);
    EncodedEvent encoded = mark.encoded();
    var write = new Append.StreamWrite(stream, expected, List.of(encoded));
    return write(
        new Append(List.of(write), commandId, Metadata.empty()),
        MARK,
        List.of(
            keys.log(partition), keys.count(partition), keys.stream(stream), keys.snapshot(stream)),
        List.of(
            commandId,
            RECOGNISED_EVENTS,
            RECOGNISED_EVENTS,
            stream,
            expected(expected),
            encoded.type(),
            encoded.data()));
  }

  private AppendResult write(
      Append append, RedisScript script, List<String> names, List<Object> args) {
    Durability level = level(append.durability());
    Predicate<Throwable> again =
        isBasedOnHistory(append) ? RedisSession.ON_SAME_SERVER : RedisErrors::passes;
    try {
      var confirmed =
          session.evalConfirmed(
              named(append),
              again,
              RedisEventStore::hasWritten,
              level,
              script,
              names,
              args.toArray());
      var reply = (List<?>) Objects.requireNonNull(confirmed.reply());
      return result(append, level, reply, confirmed.confirmation());
    } catch (ReplyLostException e) {
      return new AppendResult.Unknown(e);
    }
  }

  private static String named(Append append) {
    List<Append.StreamWrite> writes = append.writes();
    String others = writes.size() == 1 ? "" : " and %d others".formatted(writes.size() - 1);
    return "the append to %s%s".formatted(writes.getFirst().stream(), others);
  }

  private static boolean hasWritten(@Nullable Object reply) {
    return reply instanceof List<?> list && Entries.text(list.getFirst()).equals("ok");
  }

  /** What is to be reached; refused before anything is sent where the servers cannot. */
  private Durability level(@Nullable Durability asked) {
    Durability level = asked == null ? durability : asked;
    if (level instanceof Durability.Fsync) {
      disks.check();
    }
    return level;
  }

  /** A version that was read says nothing about a history that a server has lost since. */
  private static boolean isBasedOnHistory(Append append) {
    return append.writes().stream()
        .anyMatch(write ->
            write.expected() instanceof ExpectedVersion.Exactly(long version) && version > 0);
  }

  private static long expected(ExpectedVersion expected) {
    return switch (expected) {
      case ExpectedVersion.Any any -> -1;
      case ExpectedVersion.NoStream none -> 0;
      case ExpectedVersion.Exactly(long version) -> version;
    };
  }

  private AppendResult result(
      Append append, Durability level, List<?> reply, Confirmation confirmation) {
    int partition = partitionOf(append.writes().getFirst().stream());
    String outcome = Entries.text(reply.getFirst());
    if (outcome.equals("refused")) {
      int number = Math.toIntExact((Long) reply.get(1)) - 1;
      String reason = Entries.text(reply.get(2)).toUpperCase(Locale.ROOT);
      return new AppendResult.Refused(
          append.writes().get(number).stream(), AppendResult.Reason.valueOf(reason));
    }
    if (outcome.equals("conflict")) {
      var missed = new ArrayList<AppendResult.Missed>();
      for (int i = 1; i < reply.size(); i += 3) {
        int number = Math.toIntExact((Long) reply.get(i)) - 1;
        StreamId stream = append.writes().get(number).stream();
        missed.add(
            new AppendResult.Missed(
                stream,
                (Long) reply.get(i + 1),
                Entries.events(stream, partition, (List<?>) reply.get(i + 2))));
      }
      return new AppendResult.Conflict(missed);
    }
    if (outcome.equals("misuse")) {
      int number = Math.toIntExact((Long) reply.get(1)) - 1;
      throw append.misuse(append.writes().get(number).stream());
    }
    Map<StreamId, Long> versions = new HashMap<>();
    for (int i = 2; i < reply.size(); i++) {
      long version = (Long) reply.get(i);
      if (version > 0) {
        versions.put(append.writes().get(i - 2).stream(), version);
      }
    }
    Position position = Entries.position(partition, reply.get(1));
    if (outcome.equals("ok")) {
      return new AppendResult.Appended(position, versions, false, confirmation);
    }
    StreamId stream = append.writes().getFirst().stream();
    return new AppendResult.Appended(position, versions, true, confirmed(stream, level));
  }

  @Override
  public List<StoredEvent> read(StreamId stream, long afterVersion, int limit) {
    Limits.checkPage(afterVersion, limit);
    return fetch.page(stream, afterVersion, limit);
  }

  @Override
  public List<LogEntry> readLog(int partition, long afterSequence, int limit) {
    Objects.checkIndex(partition, partitions);
    Limits.checkPage(afterSequence, limit);
    return fetch.log(partition, afterSequence, limit);
  }

  @Override
  public List<StoredEvent> fetch(Collection<LogEntry> entries, Predicate<String> categories) {
    return fetch.events(entries, categories);
  }

  @Override
  public LogHead head(int partition) {
    Objects.checkIndex(partition, partitions);
    Object reply =
        session.evalRead(
            "the read of the head of partition " + partition,
            HEAD,
            List.of(keys.log(partition), keys.count(partition)));
    var head = (List<?>) Objects.requireNonNull(reply);
    return StoredBytes.read(
        () -> "the number of events in partition " + partition,
        () -> new LogHead(Entries.position(partition, head.get(0)), (Long) head.get(1)));
  }

  @Override
  public Confirmation confirm(StreamId stream, @Nullable Durability durability) {
    return confirmed(stream, level(durability));
  }

  private Confirmation confirmed(StreamId stream, Durability level) {
    if (level instanceof Durability.Memory) {
      return Confirmation.memory();
    }
    try {
      List<String> count = List.of(keys.count(partitionOf(stream)));
      return session
          .evalConfirmed(
              "the confirmation of " + stream,
              RedisErrors::readAgain,
              reply -> true,
              level,
              CONFIRM,
              count)
          .confirmation();
    } catch (StoreUnavailableException | ReplyLostException away) {
      return Confirmation.unknown(level);
    }
  }

  @Override
  public SnapshotStore snapshots() {
    return snapshots;
  }

  @Override
  public long disruptions() {
    return session.disruptions();
  }

  @Override
  public void close() {
    session.close();
  }
}
