package io.refold.eventstore.embedded;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What one node of a cluster believes.
 *
 * @param members itself and the nodes it knows
 */
record ClusterView(List<Member> members) {
  static final int SLOTS = 16_384;

  /**
   * A node as another one, or itself, sees it.
   *
   * @param master the id of the node it copies, or {@code -}
   * @param epoch the age of its claim to its slots: the higher wins
   */
  record Member(String id, Set<String> flags, String master, long epoch, BitSet slots) {
    private static Member of(String line) {
      String[] parts = line.split(" ", -1);
      var slots = new BitSet(SLOTS);
      for (int i = 8; i < parts.length; i++) {
        if (!parts[i].startsWith("[")) { // a slot on its way still belongs to its old node
          String[] ends = parts[i].split("-", -1);
          slots.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
        }
      }
      return new Member(
          parts[0], Set.of(parts[2].split(",")), parts[3], Long.parseLong(parts[6]), slots);
    }

    boolean isMaster() {
      return flags.contains("master");
    }
  }

  /**
   * Asks a node.
   *
   * @throws java.io.UncheckedIOException if it has not answered for so long
   */
  static ClusterView of(ClusterNode node, int patienceMillis) {
    var members = new ArrayList<Member>();
    String.valueOf(node.command(patienceMillis, "CLUSTER", "NODES"))
        .lines()
        .forEach(line -> members.add(Member.of(line)));
    return new ClusterView(members);
  }

  /** Returns the node that was asked. */
  Member itself() {
    return members.stream()
        .filter(member -> member.flags().contains("myself"))
        .findAny()
        .orElseThrow();
  }

  /** Returns who has which slots or copies whom, as far as these nodes are concerned. */
  String roles(Set<String> ids) {
    var roles = new TreeSet<String>();
    for (Member member : members) {
      if (ids.contains(member.id()) && !member.flags().contains("handshake")) {
        roles.add(member.id() + ' ' + member.master() + ' ' + member.slots());
      }
    }
    return roles.toString();
  }

  int coveredSlots() {
    return members.stream().mapToInt(member -> member.slots().cardinality()).sum();
  }
}
