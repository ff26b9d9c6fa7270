package io.refold.projections.redis;

import static io.refold.projections.redis.Replies.list;
import static io.refold.projections.redis.Replies.number;
import static io.refold.projections.redis.Replies.script;
import static io.refold.projections.redis.Replies.text;

import io.refold.eventstore.Position;
import io.refold.eventstore.StreamId;
import io.refold.eventstore.redis.RedisScript;
import io.refold.eventstore.redis.RedisSession;
import io.refold.eventstore.redis.StoredBytes;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Generation;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Views;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** {@link Views} as scripts on a shard's slot. Calls for several shards are under way at once. */
final class RedisViews implements Views {
  private static final RedisScript CREATE = script("view_create.lua");
  private static final RedisScript DELETE = script("view_delete.lua");
  private static final RedisScript FENCE = script("view_fence.lua");
  private static final RedisScript HEAD = script("view_head.lua");
  private static final RedisScript UNNOTE = script("view_unnote.lua");
  private static final RedisScript READ = script("view_read.lua");
  private static final RedisScript COMMIT = script("view_commit.lua");
  private static final RedisScript SELECT = script("view_select.lua");
  private static final RedisScript COUNT = script("view_count.lua");
  private static final RedisScript MEMBERS = script("view_members.lua");
  private static final RedisScript KEYS = script("view_keys.lua");
  private static final RedisScript MEND = script("view_mend.lua");

  private final RedisSession session;
  private final ProjectionKeys keys;

  RedisViews(RedisSession session, ProjectionKeys keys) {
    this.session = session;
    this.keys = keys;
  }

  @Override
  public void create(Generation generation, int shard) {
    session.eval(CREATE, List.of(keys.head(generation, shard)));
  }

  @Override
  public void delete(Generation generation, int shard, List<String> indexes) {
    session.eval(DELETE, keys.all(generation, shard, indexes));
  }

  @Override
  public Fencing fence(int shard, Lease lease) {
    List<?> reply =
        list(
            session.eval(
                FENCE,
                List.of(keys.head(lease.generation(), shard)),
                lease.partition(),
                lease.owner(),
                lease.epoch()));
    return switch (text(reply, 0)) {
      case "done" -> new Fencing.Done();
      case "refused" ->
          new Fencing.Refused(
              StoredBytes.read(
                  () -> shardOf(lease.generation(), shard), () -> Long.parseLong(text(reply, 1))));
      default -> new Fencing.Gone();
    };
  }

  @Override
  public Optional<Head> head(Generation generation, int shard, int partition) {
    List<?> reply = list(session.evalRead(HEAD, List.of(keys.head(generation, shard)), partition));
    if (reply.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        StoredBytes.read(() -> shardOf(generation, shard), () -> head(partition, reply)));
  }

  private static String shardOf(Generation generation, int shard) {
    return "shard %d of %s".formatted(shard, generation);
  }

  private static Head head(int partition, List<?> reply) {
    var notes = new HashMap<StreamId, Note>();
    var drops = new HashSet<EventAddress>();
    for (int i = 1; i < reply.size(); i += 2) {
      String field = text(reply, i);
      String name = field.substring(field.indexOf(':') + 1);
      if (field.charAt(0) == 'n') {
        notes.put(StreamId.parse(name), note(partition, text(reply, i + 1)));
      } else {
        drops.add(Addresses.parse(name));
      }
    }
    return new Head(Position.ofLogId(partition, text(reply, 0)), notes, drops);
  }

  @Override
  public void unnote(int shard, Lease lease, StreamId stream) {
    session.eval(
        UNNOTE,
        List.of(keys.head(lease.generation(), shard)),
        lease.partition(),
        lease.owner(),
        lease.epoch(),
        noteField(lease.partition(), stream));
  }

  private static String noteField(int partition, StreamId stream) {
    return "n" + partition + ":" + stream;
  }

  private static String dropField(int partition, EventAddress event) {
    return "d" + partition + ":" + Addresses.text(event);
  }

  /** Reads {@code <version> <log id>}. */
  private static Note note(int partition, String stored) {
    int space = stored.indexOf(' ');
    return new Note(
        Long.parseLong(stored, 0, space, 10),
        Position.ofLogId(partition, stored.substring(space + 1)));
  }

  private static String written(Note note) {
    return note.version() + " " + note.position().logId();
  }

  @Override
  public Optional<Map<Integer, ShardRows>> read(
      Generation generation,
      int partition,
      Map<Integer, List<String>> wanted,
      Collection<StreamId> streams) {
    List<Integer> shards = List.copyOf(wanted.keySet());
    List<StreamId> noted = List.copyOf(streams);
    var calls = new ArrayList<CompletionStage<@Nullable Object>>();
    for (int shard : shards) {
      var args = new ArrayList<Object>();
      args.add(partition);
      args.add(noted.size());
      noted.forEach(stream -> args.add(noteField(partition, stream)));
      args.addAll(wanted.getOrDefault(shard, List.of()));
      calls.add(
          session.evalReadAsync(
              READ,
              List.of(keys.head(generation, shard), keys.rows(generation, shard)),
              args.toArray()));
    }
    List<List<?>> replies = Replies.read(calls);
    var read = new HashMap<Integer, ShardRows>();
    for (int i = 0; i < shards.size(); i++) {
      List<?> reply = replies.get(i);
      if (reply.isEmpty()) {
        return Optional.empty();
      }
      int shard = shards.get(i);
      read.put(
          shard,
          StoredBytes.read(
              () -> shardOf(generation, shard),
              () -> shardRows(partition, reply, noted, wanted.getOrDefault(shard, List.of()))));
    }
    return Optional.of(read);
  }

  private static ShardRows shardRows(
      int partition, List<?> reply, List<StreamId> streams, List<String> names) {
    var notes = new HashMap<StreamId, Note>();
    for (int i = 0; i < streams.size(); i++) {
      Object note = reply.get(1 + i);
      if (note != null) {
        notes.put(streams.get(i), note(partition, text(note)));
      }
    }
    var rows = new HashMap<String, StoredRow>();
    for (int i = 0; i < names.size(); i++) {
      Object row = reply.get(1 + streams.size() + i);
      if (row != null) {
        rows.put(names.get(i), row(text(row)));
      }
    }
    return new ShardRows(Position.ofLogId(partition, text(reply, 0)), rows, notes);
  }

  /** Reads {@code <revision> <json>}; what was written otherwise has no revision. */
  private static StoredRow row(String stored) {
    int digits = 0;
    while (digits < stored.length() && Character.digit(stored.charAt(digits), 10) >= 0) {
      digits++;
    }
    return digits > 0 && digits < 19 && stored.startsWith(" ", digits)
        ? new StoredRow(Long.parseLong(stored, 0, digits, 10), stored.substring(digits + 1))
        : new StoredRow(0, stored);
  }

  @Override
  public Map<Integer, Outcome> commit(Lease lease, List<Commit> commits) {
    var calls = new ArrayList<CompletionStage<@Nullable Object>>();
    for (Commit commit : commits) {
      calls.add(commit(lease, commit));
    }
    List<List<?>> replies = Replies.all(calls);
    var outcomes = new HashMap<Integer, Outcome>();
    for (int i = 0; i < commits.size(); i++) {
      outcomes.put(commits.get(i).shard(), outcome(replies.get(i)));
    }
    return outcomes;
  }

  private CompletionStage<@Nullable Object> commit(Lease lease, Commit commit) {
    var args = new ArrayList<Object>();
    args.add(lease.partition());
    args.add(lease.owner());
    args.add(lease.epoch());
    switch (commit.step()) {
      case Step.Passing(Position expected, Position checkpoint) -> {
        args.add("c" + lease.partition());
        args.add(expected.logId());
        args.add(checkpoint.logId());
      }
      case Step.Retrying(StreamId stream, Note expected, Note note) -> {
        args.add(noteField(lease.partition(), stream));
        args.add(written(expected));
        args.add(written(note));
      }
    }
    args.add(2 * (commit.notes().size() + commit.drops().size()));
    commit
        .notes()
        .forEach((stream, note) -> {
          args.add(noteField(lease.partition(), stream));
          args.add(written(note));
        });
    for (EventAddress dropped : commit.drops()) {
      args.add(dropField(lease.partition(), dropped));
      args.add("");
    }
    var sections = new CommitSections(commit.changes());
    sections.addTo(args);
    return session.evalAsync(
        COMMIT, keys.all(lease.generation(), commit.shard(), sections.indexes()), args.toArray());
  }

  /** Names index entries by the number of their index among those of this commit, from 1. */
  private static void entries(List<Object> args, List<String> indexes, List<IndexEntry> entries) {
    args.add(entries.size());
    for (IndexEntry entry : entries) {
      if (!indexes.contains(entry.index())) {
        indexes.add(entry.index());
      }
      args.add(indexes.indexOf(entry.index()) + 1);
      args.add(entry.value());
    }
  }

  private static Outcome outcome(List<?> reply) {
    return switch (text(reply, 0)) {
      case "done" -> Outcome.DONE;
      case "conflict" -> Outcome.CONFLICT;
      case "fenced" -> Outcome.FENCED;
      default -> Outcome.GONE;
    };
  }

  @Override
  public Optional<List<Hit>> select(Generation generation, int shards, Span span) {
    var calls = new ArrayList<CompletionStage<@Nullable Object>>();
    for (int shard = 0; shard < shards; shard++) {
      calls.add(
          session.evalReadAsync(
              SELECT,
              List.of(
                  keys.head(generation, shard),
                  keys.rows(generation, shard),
                  keys.order(generation, shard, span.index())),
              span.min(),
              span.max(),
              span.descending() ? 1 : 0,
              span.limit(),
              span.index() == null ? 0 : 1));
    }
    var hits = new ArrayList<Hit>();
    for (List<?> reply : Replies.read(calls)) {
      if (reply.isEmpty()) {
        return Optional.empty();
      }
      for (int i = 1; i < reply.size(); i += 2) {
        hits.add(new Hit(text(reply, i), row(text(reply, i + 1)).json()));
      }
    }
    return Optional.of(hits);
  }

  @Override
  public Optional<List<String>> members(Generation generation, int shard, Span span) {
    List<?> reply =
        list(
            session.evalRead(
                MEMBERS,
                List.of(keys.head(generation, shard), keys.order(generation, shard, span.index())),
                span.min(),
                span.max(),
                span.limit()));
    return reply.isEmpty() ? Optional.empty() : Optional.of(texts(reply, 1));
  }

  @Override
  public Optional<Keys> keys(Generation generation, int shard, String from) {
    List<?> reply =
        list(
            session.evalRead(
                KEYS,
                List.of(keys.head(generation, shard), keys.rows(generation, shard)),
                from.isEmpty() ? "0" : from));
    if (reply.isEmpty()) {
      return Optional.empty();
    }
    String next = text(reply, 1);
    return Optional.of(new Keys(number(reply, 0), texts(reply, 2), next.equals("0") ? "" : next));
  }

  private static List<String> texts(List<?> reply, int from) {
    return reply.stream().skip(from).map(Replies::text).toList();
  }

  @Override
  public Outcome mend(int shard, Lease fence, RowChange change) {
    var indexes = new ArrayList<String>();
    var args = new ArrayList<Object>();
    args.add(fence.partition());
    args.add(fence.owner());
    args.add(fence.epoch());
    args.add(change.key());
    args.add(change.revision());
    @Nullable String json = change.json();
    args.add(json == null ? "" : json);
    entries(args, indexes, change.removed());
    entries(args, indexes, change.added());
    return outcome(
        list(session.eval(MEND, keys.all(fence.generation(), shard, indexes), args.toArray())));
  }

  @Override
  public OptionalLong count(Generation generation, int shards, Span span) {
    var calls = new ArrayList<CompletionStage<@Nullable Object>>();
    for (int shard = 0; shard < shards; shard++) {
      calls.add(
          session.evalReadAsync(
              COUNT,
              List.of(keys.head(generation, shard), keys.order(generation, shard, span.index())),
              span.min(),
              span.max()));
    }
    long count = 0;
    for (List<?> reply : Replies.read(calls)) {
      if (reply.isEmpty()) {
        return OptionalLong.empty();
      }
      count += number(reply, 0);
    }
    return OptionalLong.of(count);
  }
}
