package io.refold.eventstore;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * The commands that wrote the last {@link EventStore#RECOGNISED_EVENTS} events of a stream, 8 bytes
 * each: the FNV-1a hash of the command's id (Fowler, Noll and Vo). Immutable. What it seems to
 * contain is to be looked up in the stream; what it does not contain is not there.
 */
final class RecentCommands {
  static final RecentCommands NONE = new RecentCommands(new long[0]);

  private static final long OFFSET = 0xcbf29ce484222325L;
  private static final long PRIME = 0x100000001b3L;

  private final long[] hashes;

  private RecentCommands(long[] hashes) {
    this.hashes = hashes;
  }

  /** Reads what {@link #bytes()} wrote. */
  static RecentCommands of(ByteBuffer bytes) {
    var hashes = new long[bytes.remaining() / Long.BYTES];
    bytes.asLongBuffer().get(hashes);
    return new RecentCommands(hashes);
  }

  byte[] bytes() {
    var bytes = ByteBuffer.allocate(hashes.length * Long.BYTES);
    bytes.asLongBuffer().put(hashes);
    return bytes.array();
  }

  RecentCommands and(List<StoredEvent> events) {
    long[] added = new long[events.size()];
    for (int i = 0; i < added.length; i++) {
      boolean same = i > 0 && events.get(i).commandId().equals(events.get(i - 1).commandId());
      added[i] = same ? added[i - 1] : hash(events.get(i).commandId());
    }
    return and(added);
  }

  RecentCommands and(String commandId, int events) {
    var added = new long[events];
    Arrays.fill(added, hash(commandId));
    return and(added);
  }

  private RecentCommands and(long[] added) {
    int size = Math.min(hashes.length + added.length, EventStore.RECOGNISED_EVENTS);
    var all = new long[size];
    int fromAdded = Math.min(added.length, size);
    int fromOld = size - fromAdded;
    System.arraycopy(hashes, hashes.length - fromOld, all, 0, fromOld);
    System.arraycopy(added, added.length - fromAdded, all, fromOld, fromAdded);
    return new RecentCommands(all);
  }

  boolean mayContain(String commandId) {
    long wanted = hash(commandId);
    for (long hash : hashes) {
      if (hash == wanted) {
        return true;
      }
    }
    return false;
  }

  private static long hash(String commandId) {
    long hash = OFFSET;
    for (int i = 0; i < commandId.length(); i++) {
      hash = (hash ^ commandId.charAt(i)) * PRIME;
    }
    return hash;
  }
}
