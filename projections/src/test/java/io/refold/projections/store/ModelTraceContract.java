package io.refold.projections.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.refold.projections.ProjectionStore;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Runs of the protocol's model, replayed call by call: leases that are taken over at any moment,
 * owners and coordinators that die or wake up late, calls that arrive late, parked streams, drops,
 * rebuilds and their ends, slots that fall back. Every call leads to what it led to in the model,
 * and in the end everything is as it is there, where the promises have been checked.
 */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class ModelTraceContract {
  /** Returns an empty store with 2 partitions and {@value ModelReplay#SHARDS} shards. */
  protected abstract ProjectionStore empty();

  /** Returns what makes slots fall back; empty if this store's never do. */
  protected abstract Optional<Slots> slots();

  /** Lets slots fall back to an earlier state, as a failover to a replica that was behind does. */
  public interface Slots {
    /**
     * Keeps what is in a slot.
     *
     * @param slot a name for it
     * @param generation whose shard it is; empty for a partition
     * @param number of the shard or partition
     */
    void follow(String slot, Optional<Generation> generation, int number);

    /** Puts a slot back. */
    void failOver(String slot);
  }

  private static final Slots STEADY =
      new Slots() {
        @Override
        public void follow(String slot, Optional<Generation> generation, int number) {}

        @Override
        public void failOver(String slot) {}
      };

  @Test
  void everyCallLeadsToWhatTheModelSays() {
    Optional<Slots> slots = slots();
    List<ModelTrace> traces =
        ModelTrace.all().stream()
            .filter(trace -> slots.isPresent() || !trace.losesHistory())
            .toList();
    assertThat(traces).hasSizeGreaterThan(25);
    for (ModelTrace trace : traces) {
      new ModelReplay(empty(), slots.orElse(STEADY)).play(trace);
    }
  }
}
