package io.refold.projections.reactions;

import static io.refold.projections.Shop.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.EventStore;
import io.refold.eventstore.InMemoryEventStore;
import io.refold.projections.DeterministicWorkers;
import io.refold.projections.HistoryLostException;
import io.refold.projections.PartitionState;
import io.refold.projections.ProjectionStatus;
import io.refold.projections.ProjectionStore;
import io.refold.projections.ProjectionWorkers;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Paid;
import io.refold.projections.StartAt;
import io.refold.projections.Subscriber;
import io.refold.projections.memory.InMemoryProjectionStore;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The events are replaced by others, as by a server that has lost its newest ones. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostHistoryTest {
  private final List<String> seen = new ArrayList<>();
  private volatile EventStore present = new InMemoryEventStore();
  private final EventStore events =
      (EventStore)
          Proxy.newProxyInstance(
              EventStore.class.getClassLoader(),
              new Class<?>[] {EventStore.class},
              (self, method, args) -> {
                try {
                  return method.invoke(present, args);
                } catch (InvocationTargetException e) {
                  throw e.getCause();
                }
              });
  private final ProjectionStore store = InMemoryProjectionStore.on(events);
  private final int partition = events.partitionOf(Shop.ORDERS.stream("a"));

  private Reaction.Builder builder() {
    return Reaction.named("effects", StartAt.zero())
        .on(Shop.ORDERS, (recorded, cause) -> seen.add(recorded.id() + recorded.version()));
  }

  private static DeterministicWorkers workers(ProjectionStore store, Subscriber reaction) {
    return DeterministicWorkers.on(store).add(reaction);
  }

  private ProjectionStatus.Partition status(Subscriber reaction) {
    return store.status(reaction).partitions().get(partition);
  }

  private void lose() {
    present = new InMemoryEventStore();
    append(events, "a", new Paid(100));
    append(events, "a", new Paid(101));
    append(events, "a", new Paid(102));
  }

  @Test
  void anOrderedReactionSaysTheWayOutAndBeginsAnewWhereItWasLost() {
    Reaction reaction = builder().build();
    append(events, "a", new Paid(1));
    append(events, "a", new Paid(2));
    try (var workers = workers(store, reaction)) {
      workers.runUntilIdle();
      lose();
      assertThatThrownBy(workers::runUntilIdle)
          .isInstanceOf(HistoryLostException.class)
          .hasMessageContaining("ProjectionWorkers.startAnew")
          .hasMessageNotContaining("rebuild");
      assertThat(workers.startAnew(reaction, StartAt.now())).containsExactly(partition);
      assertThat(workers.startAnew(reaction, StartAt.zero())).isEmpty();
      append(events, "a", new Paid(103));
      workers.runUntilIdle();
    }
    assertThat(seen).containsExactly("a1", "a2", "a4");
    assertThat(status(reaction).lag()).isZero();
    assertThat(status(reaction).error()).isEmpty();
  }

  @Test
  void anUnorderedReactionSaysSoInItsStatusAndBeginsAnew() {
    UnorderedReaction reaction = builder().unordered(2);
    append(events, "a", new Paid(1));
    append(events, "a", new Paid(2));
    try (var workers = workers(store, reaction)) {
      workers.runUntilIdle();
      lose();
      workers.runUntilIdle();
      assertThat(status(reaction).state()).isEqualTo(PartitionState.LOST_HISTORY);
      assertThat(status(reaction).error().orElseThrow()).contains("ProjectionWorkers.startAnew");
      workers.startAnew(reaction, StartAt.zero());
      workers.runUntilIdle();
    }
    assertThat(seen).containsExactly("a1", "a2", "a1", "a2", "a3");
    assertThat(status(reaction).lag()).isZero();
    assertThat(status(reaction).state()).isNotEqualTo(PartitionState.LOST_HISTORY);
  }

  @Test
  void whereNothingWasLostNothingBeginsAnew() {
    Reaction reaction = builder().build();
    append(events, "a", new Paid(1));
    try (var workers = ProjectionWorkers.on(store).add(reaction).start()) {
      assertThat(workers.startAnew(reaction, StartAt.zero())).isEmpty();
      Reaction stranger =
          Reaction.named("stranger", StartAt.now()).on(Shop.NOTES, (recorded, cause) -> {}).build();
      assertThatThrownBy(() -> workers.startAnew(stranger, StartAt.zero()))
          .hasMessageContaining("was not added");
    }
  }
}
