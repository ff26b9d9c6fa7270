package io.refold.eventstore.redis;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Whether every slot of a cluster has a master, and the partitions are spread over them. */
final class SlotsCheck implements Check {
  static final Illness UNCOVERED =
      new Illness(
          Severity.HALT,
          "slots-uncovered",
          "what lies in these slots can be neither read nor written",
          "bring their master or its replica back; redis-cli --cluster check tells more");
  static final Illness MOVING =
      new Illness(
          Severity.SLOW,
          "slot-left-moving",
          "calls for these slots are sent twice, and some are refused while keys are in two places",
          "let the move end, or redis-cli --cluster fix");
  static final Illness UNEVEN =
      new Illness(
          Severity.SLOW,
          "partitions-uneven",
          "the masters with most partitions are full first, and slow the others down",
          "redis-cli --cluster rebalance; each partition is in an equal share of the slots");
  static final Illness NODE_AWAY =
      new Illness(
          Severity.LOSS,
          "node-away",
          "if it is a replica there is nobody to fail over to, if a master its slots may be lost",
          "bring it back, or take it out with CLUSTER FORGET");

  private static final int SLOTS = 16_384;

  @Override
  public String subject() {
    return "slots";
  }

  @Override
  public List<Illness> illnesses() {
    return List.of(UNCOVERED, MOVING, UNEVEN, NODE_AWAY);
  }

  @Override
  public void examine(Examination on) {
    if (!on.nodes().isCluster()) {
      return;
    }
    List<ServerNode> masters = on.nodes().masters();
    var moving = new ArrayList<String>();
    var told = new ArrayList<List<String[]>>();
    on.each(
        masters,
        this,
        node -> {
          List<String[]> lines = lines(node);
          told.add(lines);
          moving.addAll(moving(node, lines));
        });
    if (!moving.isEmpty()) {
      on.report(MOVING.found("%s", String.join("; ", moving)));
    }
    if (!told.isEmpty()) {
      spread(told.getFirst(), on);
    }
  }

  private static List<String[]> lines(ServerNode node) {
    String text = ReadCommands.text(node.call("CLUSTER", "NODES"));
    return text.lines().map(line -> line.split(" ", -1)).toList();
  }

  /** A node tells only of its own slots where they move. */
  private static List<String> moving(ServerNode node, List<String[]> lines) {
    var moving = new ArrayList<String>();
    for (String[] line : lines) {
      for (int i = 8; i < line.length && line[2].contains("myself"); i++) {
        if (line[i].startsWith("[")) {
          boolean away = line[i].contains("->-");
          String slot = line[i].substring(1, line[i].indexOf('-'));
          moving.add(
              "slot %s is %s %s".formatted(slot, away ? "leaving" : "coming to", node.name()));
        }
      }
    }
    return moving;
  }

  private static void spread(List<String[]> lines, Examination on) {
    var covered = new BitSet(SLOTS);
    Map<String, BitSet> masters = new HashMap<>();
    for (String[] line : lines) {
      String name = line[1].split("@", 2)[0];
      boolean failed = line[2].matches("(.*,)?fail(,.*)?");
      if (failed || line[7].equals("disconnected")) {
        on.report(NODE_AWAY.found("%s is away (%s)", name, line[2]));
      }
      if (!failed && line[2].contains("master")) {
        BitSet slots = slots(line);
        covered.or(slots);
        if (!slots.isEmpty()) {
          masters.put(name, slots);
        }
      }
    }
    int uncovered = SLOTS - covered.cardinality();
    if (uncovered > 0) {
      on.report(
          UNCOVERED.found(
              "%,d slots have no master, the first is %d", uncovered, covered.nextClearBit(0)));
    }
    partitions(masters, on);
  }

  private static BitSet slots(String[] line) {
    var slots = new BitSet(SLOTS);
    for (int i = 8; i < line.length; i++) {
      if (!line[i].startsWith("[")) {
        String[] range = line[i].split("-", 2);
        int first = Integer.parseInt(range[0]);
        slots.set(first, (range.length == 1 ? first : Integer.parseInt(range[1])) + 1);
      }
    }
    return slots;
  }

  /** One more than an equal share is what the borders of slots may make. */
  private static void partitions(Map<String, BitSet> masters, Examination on) {
    int fair = (on.partitions() + Math.max(1, masters.size()) - 1) / Math.max(1, masters.size());
    masters.forEach((name, slots) -> {
      int held = 0;
      for (int p = 0; p < on.partitions(); p++) {
        String tag = on.partitionTag(p);
        held += slots.get(Keys.slot(tag.substring(1, tag.length() - 1))) ? 1 : 0;
      }
      if (held > fair + 1) {
        on.report(
            UNEVEN.found(
                "%s has %d of %d partitions; an equal share is %d",
                name, held, on.partitions(), fair));
      }
    });
  }
}
