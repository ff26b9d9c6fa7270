package io.refold.eventstore;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Semaphore;
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
  private static final int MOST_UNDER_WAY = 64;

  private final SnapshotStore store;
  private final Protection protection;
  private final StateCodec<S> codec;
  private final SnapshotRule<S> rule;
  private final Semaphore underWay = new Semaphore(MOST_UNDER_WAY);

  Snapshots(SnapshotStore store, Protection protection, StateCodec<S> codec, SnapshotRule<S> rule) {
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
    try {
      byte[] state = protection.open(stream, snapshot.state());
      if (state == null) {
        LOG.info("the snapshot of {} is not used: it may no longer be read", stream);
        return null;
      }
      return new Aggregate<>(
          stream,
          snapshot.version(),
          codec.decode(state),
          snapshot.position(),
          RecentCommands.of(commands.slice()),
          null,
          0,
          snapshot.version());
    } catch (RuntimeException e) { // the user's codec; its messages may hold data
      LOG.warn(
          "the snapshot of {} is not used: it cannot be read ({})", stream, e.getClass().getName());
      return null;
    }
  }

  /**
   * Saves in the background if the rule says so: encoding may be slow, and sealing may wait for
   * keys. What goes wrong is reported, without data, and costs nothing; where too many are under
   * way, none is saved.
   */
  Aggregate<S> saved(Aggregate<S> aggregate) {
    if (!isDue(aggregate) || !underWay.tryAcquire()) {
      return aggregate;
    }
    Thread.ofVirtual()
        .name("refold-snapshot")
        .start(() -> {
          try {
            store.save(aggregate.stream(), snapshot(aggregate)).toCompletableFuture().join();
          } catch (RuntimeException e) {
            report(aggregate.stream(), e);
          } finally {
            underWay.release();
          }
        });
    return aggregate.withSnapshot(aggregate.version());
  }

  private boolean isDue(Aggregate<S> aggregate) {
    try {
      return rule.due(aggregate.loaded(), aggregate.snapshot());
    } catch (RuntimeException e) { // the append is done, whatever becomes of the snapshot
      report(aggregate.stream(), e);
      return false;
    }
  }

  private static void report(StreamId stream, RuntimeException failure) {
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    LOG.warn("no snapshot of {} was saved: {}", stream, cause.getClass().getName());
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
