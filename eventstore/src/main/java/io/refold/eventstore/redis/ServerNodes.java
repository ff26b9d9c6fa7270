package io.refold.eventstore.redis;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.redisson.Redisson;
import org.redisson.api.NodeType;
import org.redisson.api.RedissonClient;
import org.redisson.client.RedisException;
import org.redisson.connection.ConnectionManager;
import org.redisson.connection.MasterSlaveEntry;
import org.redisson.misc.RedisURI;

/** The servers of a store: its masters, and the replicas that those tell of. Not thread-safe. */
final class ServerNodes implements AutoCloseable {
  private final List<ServerNode> masters = new ArrayList<>();
  private final List<ServerNode> replicas = new ArrayList<>();
  private final boolean cluster;

  ServerNodes(RedissonClient redisson) {
    ConnectionManager connections =
        ((Redisson) redisson).getCommandExecutor().getConnectionManager();
    cluster = redisson.getConfig().isClusterConfig();
    Set<String> names = new HashSet<>();
    for (MasterSlaveEntry entry : connections.getEntrySet()) {
      var master = new ServerNode(entry.getClient(), false);
      if (names.add(master.name())) {
        masters.add(master);
      }
    }
    for (ServerNode master : masters) {
      for (ServerNode.Replica replica : replicasOf(master)) {
        var told = new RedisURI(master.scheme() + "://" + replica.name());
        RedisURI address = connections.getServiceManager().getNatMapper().map(told);
        replicas.add(new ServerNode(connections.createClient(NodeType.SLAVE, address, null), true));
      }
    }
  }

  /** What a master tells of its replicas; where it tells nothing, a check says why. */
  private static List<ServerNode.Replica> replicasOf(ServerNode master) {
    try {
      return master.replicas();
    } catch (RedisException e) {
      return List.of();
    }
  }

  boolean isCluster() {
    return cluster;
  }

  List<ServerNode> masters() {
    return masters;
  }

  List<ServerNode> all() {
    var all = new ArrayList<>(masters);
    all.addAll(replicas);
    return all;
  }

  List<ServerNode> replicas() {
    return replicas;
  }

  @Override
  public void close() {
    all().forEach(ServerNode::close);
  }
}
