package io.refold.eventstore.redis;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.redisson.Redisson;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisMovedException;
import org.redisson.client.RedisNodeNotFoundException;
import org.redisson.connection.ConnectionManager;
import org.redisson.connection.MasterSlaveEntry;

/**
 * Which master has a slot, as far as is known: what Redisson has seen when it last looked at the
 * cluster, and what servers have replied since. A single server has them all. Thread-safe.
 */
final class Masters {
  private final ConnectionManager connections;
  private final Map<Integer, Move> moves = new ConcurrentHashMap<>();

  /** A slot has gone from the master that Redisson knows to another. */
  private record Move(MasterSlaveEntry from, MasterSlaveEntry to) {}

  Masters(RedissonClient redisson) {
    connections = ((Redisson) redisson).getCommandExecutor().getConnectionManager();
  }

  int slot(String key) {
    return connections.calcSlot(Keys.hashed(key));
  }

  /**
   * Returns the master of a slot.
   *
   * @throws RedisNodeNotFoundException if none is known
   */
  MasterSlaveEntry of(int slot) {
    MasterSlaveEntry known = connections.getWriteEntry(slot);
    if (known == null) {
      throw new RedisNodeNotFoundException("no master is known for slot " + slot);
    }
    Move move = moves.get(slot);
    if (move == null) {
      return known;
    }
    if (move.from().equals(known)) {
      return move.to();
    }
    moves.remove(slot, move); // Redisson has looked again
    return known;
  }

  /** Notes what a server has replied, if the slot's new master is one that Redisson knows. */
  void learn(RedisMovedException reply) {
    var unused =
        connections
            .getServiceManager()
            .resolveIP(reply.getUrl())
            .thenAccept(address -> {
              MasterSlaveEntry from = connections.getWriteEntry(reply.getSlot());
              MasterSlaveEntry to = connections.getEntry(address);
              if (from != null && to != null) {
                moves.put(reply.getSlot(), new Move(from, to));
              }
            });
  }
}
