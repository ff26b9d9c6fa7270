package io.refold.eventstore.redis;

import java.util.ArrayList;
import java.util.List;

/** Whether the servers' clocks go like each other's and like that of this machine. */
final class ClockCheck implements Check {
  static final Illness APART =
      new Illness(
          Severity.SLOW,
          "clocks-apart",
          "after a failover leases last too long, rebuilds and deadlines wait, recorded times jump",
          "let all machines take their time from NTP");
  static final Illness OFF =
      new Illness(
          Severity.ADVICE,
          "clock-off",
          "times that programs give and times that the server records do not fit together",
          "let all machines take their time from NTP");

  private static final double MILLIS = 1_000;

  /**
   * How far a server's clock is ahead of this machine's.
   *
   * @param node the server
   * @param ahead milliseconds
   * @param unsure the most by which that may be wrong, in milliseconds
   */
  record Offset(String node, double ahead, double unsure) {}

  @Override
  public String subject() {
    return "clocks";
  }

  @Override
  public List<Illness> illnesses() {
    return List.of(APART, OFF);
  }

  @Override
  public void examine(Examination on) {
    var offsets = new ArrayList<Offset>();
    on.each(
        on.nodes().all(),
        this,
        node -> {
          node.info(); // so that the connection is there
          long before = on.clock().millis();
          double server = ServerNode.micros(node.call("TIME")) / 1_000.0;
          double after = on.clock().millis();
          offsets.add(new Offset(node.name(), server - (before + after) / 2, (after - before) / 2));
        });
    judge(offsets).forEach(on::report);
  }

  static List<Finding> judge(List<Offset> offsets) {
    var findings = new ArrayList<Finding>();
    for (Offset offset : offsets) {
      if (Math.abs(offset.ahead()) > MILLIS + offset.unsure()) {
        findings.add(
            OFF.found(
                "the clock of %s is %.1f seconds ahead of this machine's",
                offset.node(), offset.ahead() / MILLIS));
      }
    }
    for (int i = 1; i < offsets.size(); i++) {
      Offset first = offsets.getFirst();
      Offset other = offsets.get(i);
      double apart = other.ahead() - first.ahead();
      if (Math.abs(apart) > MILLIS + first.unsure() + other.unsure()) {
        findings.add(
            APART.found(
                "the clock of %s is %.1f seconds ahead of that of %s",
                other.node(), apart / MILLIS, first.node()));
      }
    }
    return findings;
  }
}
