package io.refold.eventstore.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The cluster that other tests stand on does what it says. */
@Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EmbeddedClusterTest {
  @Test
  void nodesAgreeFromTheStartSlotsMoveInStepsMastersJoinAndReplicasTakeOver() {
    try (var cluster = EmbeddedCluster.start(3, 1)) {
      assertThat(cluster.urls()).hasSize(6).doesNotHaveDuplicates();
      assertThat(cluster.masters()).hasSize(3);
      assertThat(cluster.masterOf(0)).isNotEqualTo(cluster.masterOf(16_383));

      int slot = cluster.slotOf("{a}1");
      ClusterNode old = cluster.masterOf(slot);
      IntStream.range(0, 10).forEach(i -> old.command("SET", "{a}" + i, "value"));
      ClusterNode joined = cluster.addMaster();
      SlotMove move = cluster.startMove(slot, joined);
      assertThat(move.moveKeys(4)).isEqualTo(4);
      assertThat(move.keysLeft()).isEqualTo(6);
      assertThat(cluster.masterOf(slot)).isEqualTo(old);
      assertThatThrownBy(() -> old.command("GET", "{a}missing")).hasMessageContaining("ASK");
      move.finish();
      cluster.awaitAgreement();
      assertThat(cluster.masterOf(slot)).isEqualTo(joined);
      assertThat(joined.command("GET", "{a}7")).isEqualTo("value");
      assertThatThrownBy(() -> old.command("GET", "{a}7")).hasMessageContaining("MOVED");
      cluster.moveSlots(old, slot, slot);
      assertThat(cluster.masterOf(slot)).isEqualTo(old);

      ClusterNode replica = cluster.replicasOf(old).getFirst();
      cluster.failover(replica);
      cluster.awaitAgreement();
      assertThat(cluster.masterOf(slot)).isEqualTo(replica);
      assertThat(cluster.replicasOf(replica)).containsExactly(old);
    }
  }

  @Test
  void nothingIsLeftWhenTheStartFailsHalfWay() {
    long before = servers();
    assertThatThrownBy(() -> EmbeddedCluster.start(2, 0, "no-such-setting 1"))
        .isInstanceOf(UncheckedIOException.class)
        .rootCause()
        .hasMessageContaining("no-such-setting");
    assertThat(servers()).isEqualTo(before);
  }

  private static long servers() {
    return ProcessHandle.current().children().filter(ProcessHandle::isAlive).count();
  }
}
