package io.refold.eventstore.embedded;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A slot on its way from one master to another, in the steps in which {@code redis-cli} does it, so
 * that a test can stand still between them. Until {@link #finish()} the old master answers for the
 * keys that it still has and sends callers on with {@code ASK} for the others. Thread-safe.
 */
public final class SlotMove {
  private static final int AT_ONCE = 100;
  private static final String PATIENCE_MILLIS = "5000";

  private final EmbeddedCluster cluster;
  private final int slot;
  private final ClusterNode from;
  private final ClusterNode to;

  SlotMove(EmbeddedCluster cluster, int slot, ClusterNode to) {
    this.cluster = cluster;
    this.slot = slot;
    this.from = cluster.masterOf(slot);
    this.to = to;
    to.command("CLUSTER", "SETSLOT", String.valueOf(slot), "IMPORTING", from.id());
    from.command("CLUSTER", "SETSLOT", String.valueOf(slot), "MIGRATING", to.id());
  }

  /** Returns the master that the slot leaves. */
  public ClusterNode from() {
    return from;
  }

  /** Returns the master that the slot goes to. */
  public ClusterNode to() {
    return to;
  }

  /** Returns how many keys the old master still has. */
  public int keysLeft() {
    return Integer.parseInt(from.text("CLUSTER", "COUNTKEYSINSLOT", String.valueOf(slot)));
  }

  /**
   * Moves some keys, with what they hold.
   *
   * @param most how many keys to move
   * @return how many it has moved; fewer than {@code most} if there are no more
   */
  public int moveKeys(int most) {
    List<?> keys =
        (List<?>)
            Objects.requireNonNull(
                from.command(
                    "CLUSTER", "GETKEYSINSLOT", String.valueOf(slot), String.valueOf(most)));
    if (!keys.isEmpty()) {
      var head =
          Stream.of("MIGRATE", "127.0.0.1", "" + to.port(), "", "0", PATIENCE_MILLIS, "KEYS");
      from.command(Stream.concat(head, keys.stream()).toArray(String[]::new));
    }
    return keys.size();
  }

  /** Moves the keys that are left and gives the slot to its new master; every node learns it. */
  public void finish() {
    while (moveKeys(AT_ONCE) > 0) {
      // another hundred
    }
    String number = String.valueOf(slot);
    to.command("CLUSTER", "SETSLOT", number, "NODE", to.id());
    from.command("CLUSTER", "SETSLOT", number, "NODE", to.id());
    cluster.masters().stream()
        .filter(master -> master != to && master != from)
        .forEach(master -> master.command("CLUSTER", "SETSLOT", number, "NODE", to.id()));
  }
}
