package io.refold.eventstore.embedded;

/** A server of an {@link EmbeddedCluster}, master or replica. Thread-safe. */
public final class ClusterNode extends EmbeddedNode {
  private final String id;

  ClusterNode(Server server) {
    super(server);
    this.id = text("CLUSTER", "MYID");
  }

  /** Returns its id in the cluster, which stays the same through crashes. */
  public String id() {
    return id;
  }

  @Override
  public String toString() {
    return "the cluster node at port " + port();
  }
}
