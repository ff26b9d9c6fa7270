package io.refold.eventstore;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Saves and restores the states of one category. A snapshot is believed only if its shape is the
 * codec's, its checksum is right, and the event it claims to end with is in the stream; else it is
 * reported, and the state folded from the first event.
 *
 * <p>What is stored beside the state: the CRC-32C of all the rest in 4 bytes, then the recent
 * commands.
 */
final class Snapshots<S> {
  private static final Logger LOG = LoggerFactory.getLogger(Snapshots.class);

  private final SnapshotStore store;
  private final Protection protection;
  private final StateCodec<S> codec;
  private final SnapshotRule<S> rule;

  Snapshots(
      SnapshotStore store, Protection protection, StateCodec<S> codec, SnapshotRule<S> rule) {
    this.store = store;
    this.protection = protection;
    this.codec = codec;
    this.rule = rule;
  }

  /** Where a fold starts, the events that follow, and whether there may be more of them. */
  record Start<S>(Aggregate<S> from, List<StoredEvent> events, boolean more) {}

  /** Loads a snapshot that can be believed and the events behind it, or the first events. */
  Start<S> load(Aggregate<S> initial, int limit) {
    StreamId stream = initial.stream();
    SnapshotStore.Loading loading = store.load(stream, codec.fingerprint(), limit);
    List<StoredEvent> events = loading.events();
    boolean more = events.size() == limit;
    if (loading.ignored() != null) {
      LOG.info("the snapshot of {} is not used: {}", stream, loading.ignored());
    }
    SnapshotStore.Snapshot snapshot = loading.snapshot();
    if (snapshot == null) {
      return new Start<>(initial, events, more);
    }
    Aggregate<S> restored = restored(stream, snapshot);
    return restored == null
        ? new Start<>(initial, List.of(), true)
        : new Start<>(restored, events.subList(1, events.size()), more);
  }

  /** Returns null where the snapshot cannot be believed. */
  private @Nullable Aggregate<S> restored(StreamId stream, SnapshotStore.Snapshot snapshot) {
    byte[] extra = snapshot.recentCommands();
    var commands = ByteBuffer.wrap(extra);
    boolean intact =
        extra.length >= Integer.BYTES
            && extra.length <= Integer.BYTES + EventStore.RECOGNISED_EVENTS * Long.BYTES
            && commands.getInt() == checksum(snapshot, commands.slice());
    if (!intact) {
      LOG.warn("the snapshot of {} is not used: it is damaged (wrong checksum)", stream);
      return null;
    }
    byte[] state = protection.open(stream, snapshot.state());
    if (state == null) {
      LOG.info("the snapshot of {} is not used: it may no longer be read", stream);
      return null;
    }
    try {
      return new Aggregate<>(
          stream,
          snapshot.version(),
          codec.decode(state),
          snapshot.position(),
          RecentCommands.of(commands.slice()),
          null,
          0,
          snapshot.version());
    } catch (IllegalArgumentException e) {
      LOG.warn("the snapshot of {} is not used: its codec cannot read it", stream); // no data in logs
      return null;
    }
  }

  /** Saves in the background if the rule says so; what goes wrong is reported and costs nothing. */
  Aggregate<S> saved(Aggregate<S> aggregate) {
    if (!rule.due(aggregate.loaded(), aggregate.snapshot())) {
      return aggregate;
    }
    StreamId stream = aggregate.stream();
    try {
      var unused =
          store
              .save(stream, snapshot(aggregate))
              .whenComplete((saved, failure) -> {
                if (failure != null) {
                  LOG.warn("no snapshot of {} was saved: {}", stream, failure.toString());
                }
              });
    } catch (RuntimeException e) { // the append is done, whatever becomes of the snapshot
      LOG.warn("no snapshot of {} was saved: {}", stream, e.toString());
    }
    return aggregate.withSnapshot(aggregate.version());
  }

  private SnapshotStore.Snapshot snapshot(Aggregate<S> aggregate) {
    byte[] state = protection.seal(aggregate.stream(), codec.encode(aggregate.state()));
    byte[] commands = aggregate.recent().bytes();
    var bare =
        new SnapshotStore.Snapshot(
            aggregate.version(), aggregate.position(), codec.fingerprint(), state, commands);
    byte[] extra =
        ByteBuffer.allocate(Integer.BYTES + commands.length)
            .putInt(checksum(bare, ByteBuffer.wrap(commands)))
            .put(commands)
            .array();
    return new SnapshotStore.Snapshot(
        bare.version(), bare.position(), bare.fingerprint(), state, extra);
  }

  private static int checksum(SnapshotStore.Snapshot snapshot, ByteBuffer commands) {
    var crc = new CRC32C();
    String head =
        "%d %s %s "
            .formatted(snapshot.version(), snapshot.position().logId(), snapshot.fingerprint());
    crc.update(head.getBytes(StandardCharsets.UTF_8));
    crc.update(snapshot.state());
    crc.update(commands);
    return (int) crc.getValue();
  }
}
