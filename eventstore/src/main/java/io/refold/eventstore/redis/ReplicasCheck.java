package io.refold.eventstore.redis;

import java.util.List;
import java.util.function.Consumer;

/** Whether there is somebody to go on when a master is gone, and how much would be missing. */
final class ReplicasCheck implements Check {
  static final Illness NONE =
      new Illness(
          Severity.ADVICE,
          "no-replica",
          "while this master is away its partitions stand still, its disk has the only copy, and"
              + " replicas(n) is never reached",
          "add a replica on another machine");
  static final Illness LAGGING =
      new Illness(
          Severity.LOSS,
          "replica-lagging",
          "a failover to it loses what it has not received",
          "look for a slow network or an overloaded replica; wait for replicas where it matters");
  static final Illness NOT_ONLINE =
      new Illness(
          Severity.LOSS,
          "replica-not-online",
          "there is nobody to fail over to, or only somebody without the data",
          "look at both servers' logs: the password, the network, the size of buffers");
  static final Illness TOO_FEW =
      new Illness(
          Severity.HALT,
          "too-few-replicas",
          "the master refuses every write",
          "bring replicas back, or lower min-replicas-to-write");
  static final Illness UNGUARDED =
      new Illness(
          Severity.ADVICE,
          "master-writes-alone",
          "a master that is cut off from its replicas takes writes that a failover throws away;"
              + " replicas(n) tells which are not on a replica",
          "CONFIG SET min-replicas-to-write 1, or wait for replicas where it matters");

  /** More than a second's writes: replicas in step say once a second how far they are. */
  private static final long LAG_BYTES = 32 << 20;

  private static final long LAG_SECONDS = 30;

  @Override
  public String subject() {
    return "replication";
  }

  @Override
  public List<Illness> illnesses() {
    return List.of(NONE, LAGGING, NOT_ONLINE, TOO_FEW, UNGUARDED);
  }

  @Override
  public void examine(Examination on) {
    on.each(
        on.nodes().masters(),
        this,
        node -> {
          replicas(node, on::report);
          guard(node, on::report);
        });
    on.each(
        on.nodes().replicas(),
        this,
        node -> {
          if (!node.isMaster() && !node.fact("master_link_status").equals("up")) {
            on.report(NOT_ONLINE.found("replica %s has no link to its master", node.name()));
          }
        });
  }

  static void replicas(ServerNode master, Consumer<Finding> report) {
    List<ServerNode.Replica> replicas = master.replicas();
    if (master.isMaster() && replicas.isEmpty()) {
      report.accept(NONE.found("master %s has no replica", master.name()));
    }
    for (ServerNode.Replica replica : replicas) {
      long bytes = master.number("master_repl_offset") - replica.offset();
      if (!replica.state().equals("online")) {
        report.accept(
            NOT_ONLINE.found(
                "replica %s of %s is in state %s", replica.name(), master.name(), replica.state()));
      } else if (bytes > LAG_BYTES || replica.lag() > LAG_SECONDS) {
        report.accept(
            LAGGING.found(
                "replica %s of %s is %,d bytes behind, and was heard of %d seconds ago",
                replica.name(), master.name(), bytes, replica.lag()));
      }
    }
  }

  static void guard(ServerNode master, Consumer<Finding> report) {
    boolean guarded = !master.fact("min_slaves_good_slaves").isEmpty();
    if (!guarded && master.replicas().isEmpty()) {
      return; // nothing to ask for
    }
    long needed = master.settingNumber("min-replicas-to-write");
    long good = master.number("min_slaves_good_slaves");
    if (needed > 0 && master.settingNumber("min-replicas-max-lag") > 0 && good < needed) {
      report.accept(
          TOO_FEW.found(
              "min-replicas-to-write of %s is %d, and it has %d good ones",
              master.name(), needed, good));
    }
    if (needed == 0 && !master.replicas().isEmpty()) {
      report.accept(
          UNGUARDED.found(
              "min-replicas-to-write of %s is 0, with %d replicas",
              master.name(), master.replicas().size()));
    }
  }
}
