package io.refold.eventstore.redis;

import io.refold.eventstore.Limits;
import io.refold.eventstore.SnapshotStore;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;

/** Snapshots in a hash beside each stream, in the same slot, so one call brings both. */
final class RedisSnapshots implements SnapshotStore {
  private static final RedisScript LOAD = RedisScript.load(RedisSnapshots.class, "load.lua");
  private static final RedisScript SAVE = RedisScript.load(RedisSnapshots.class, "snapshot.lua");

  private final RedisSession session;
  private final Keys keys;
  private final int partitions;

  RedisSnapshots(RedisSession session, Keys keys, int partitions) {
    this.session = session;
    this.keys = keys;
    this.partitions = partitions;
  }

  @Override
  public Loading load(StreamId stream, String fingerprint, int limit) {
    Limits.checkPage(0, limit);
    Object reply =
        session.evalRead("the read of " + stream, LOAD, keys(stream), fingerprint, limit);
    var parts = (List<?>) Objects.requireNonNull(reply);
    int partition = stream.partition(partitions);
    var events = Entries.events(stream, partition, (List<?>) parts.getLast());
    return switch (Entries.text(parts.getFirst())) {
      case "snapshot" -> {
        StoredEvent last = events.getFirst();
        byte[] state = (byte[]) parts.get(1);
        byte[] commands = (byte[]) parts.get(2);
        yield new Loading(
            new Snapshot(last.version(), last.position(), fingerprint, state, commands),
            null,
            events);
      }
      case "ignored" -> new Loading(null, Entries.text(parts.get(1)), events);
      default -> new Loading(null, null, events);
    };
  }

  @Override
  public CompletionStage<Boolean> save(StreamId stream, Snapshot snapshot) {
    return session
        .evalAsync(
            SAVE,
            keys(stream),
            snapshot.version(),
            snapshot.position().logId(),
            snapshot.fingerprint(),
            snapshot.state(),
            snapshot.recentCommands())
        .thenApply(saved -> Objects.equals(saved, List.of(1L)));
  }

  private List<String> keys(StreamId stream) {
    return List.of(keys.stream(stream), keys.snapshot(stream));
  }
}
