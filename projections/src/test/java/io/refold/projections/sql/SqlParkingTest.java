package io.refold.projections.sql;

import static io.refold.projections.Shop.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Position;
import io.refold.eventstore.StoredEvent;
import io.refold.eventstore.StreamId;
import io.refold.projections.EventFailure;
import io.refold.projections.Shop;
import io.refold.projections.Shop.Order;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Target.Result;
import io.refold.projections.Target.Retried;
import io.refold.projections.sql.SqlProjection.Naming;
import io.refold.projections.store.EventAddress;
import io.refold.projections.store.Heads.Note;
import io.refold.projections.store.Lease;
import io.refold.projections.store.Parking;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What tables do with events that are parked or dropped. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SqlParkingTest {
  private static final StreamId BAD = Shop.ORDERS.stream("bad");
  private static final Parking PARKED = new Parking(Map.of(BAD, 2L), Set.of());

  private final ShopTables tables = new ShopTables(Naming.SCHEMA);
  private final OnePartition one = new OnePartition(tables);
  private final Lease lease = one.lease("me", 1);

  /** 1 bad, 2 good, 3 bad (fails), 4 good, 5 bad. */
  @BeforeEach
  void fill() {
    append(one.events, "bad", new Placed("pen"));
    append(one.events, "good", new Placed("ink"));
    append(one.events, "bad", new Paid(13));
    append(one.events, "good", new Paid(1));
    append(one.events, "bad", new Paid(1));
  }

  private StoredEvent event(long sequence) {
    return one.between(sequence - 1, sequence).getFirst();
  }

  private @Nullable Order bad() throws Exception {
    return one.content().orders().get("bad");
  }

  @Test
  void parkedEventsAreLeftOutAndNoted() throws Exception {
    assertThat(one.apply(lease, 0, 3, PARKED))
        .isEqualTo(new Result.Applied(Map.of(0, one.position(3)), List.of()));
    assertThat(bad()).isEqualTo(new Order("pen", 0, 1, null));
    assertThat(one.head().notes()).isEqualTo(Map.of(BAD, new Note(1, Position.origin(0))));
    one.apply(lease, 3, 5, PARKED);
    assertThat(one.head().notes())
        .as("the first stays")
        .isEqualTo(Map.of(BAD, new Note(1, Position.origin(0))));
    assertThat(one.head().checkpoint()).isEqualTo(one.position(5));
    assertThat(one.content().orders().get("good")).isEqualTo(new Order("ink", 1, 2, null));
  }

  @Test
  void droppedEventsAreLeftOutAndMarked() throws Exception {
    var dropped = new EventAddress(BAD, 2);
    var parking = new Parking(Map.of(), Set.of(dropped));
    one.apply(lease, 0, 5, parking);
    assertThat(one.head().drops()).containsExactly(dropped);
    assertThat(one.head().notes()).isEmpty();
    assertThat(bad()).isEqualTo(new Order("pen", 1, 2, null));
  }

  @Test
  void aRetriedEventLandsOnce() throws Exception {
    one.apply(lease, 0, 5, PARKED);
    for (int time = 1; time <= 2; time++) {
      assertThat(one.target.retry(lease, event(3), PARKED, one.position(5)))
          .isEqualTo(Retried.DONE);
      assertThat(bad()).isEqualTo(new Order("pen", 13, 2, null));
      assertThat(one.head().notes()).isEqualTo(Map.of(BAD, new Note(2, one.position(3))));
    }
    assertThat(one.target.retry(lease, event(5), PARKED, one.position(5))).isEqualTo(Retried.DONE);
    assertThat(one.content()).isEqualTo(ShopTables.freshFold(one.events));
    assertThat(one.head().notes()).isEqualTo(Map.of(BAD, new Note(3, one.position(5))));

    one.heads.unnote(0, new Lease(one.generation, 0, "other", 1), BAD);
    assertThat(one.head().notes()).hasSize(1);
    one.heads.unnote(0, lease, BAD);
    assertThat(one.head().notes()).isEmpty();
  }

  @Test
  void aRetryGoesNoFurtherThanTheTablesAre() throws Exception {
    one.apply(lease, 0, 3, PARKED);
    assertThat(one.target.retry(lease, event(5), PARKED, one.position(3))).isEqualTo(Retried.DONE);
    assertThat(bad()).as("not passed yet").isEqualTo(new Order("pen", 0, 1, null));
    assertThat(one.target.retry(lease, event(3), PARKED, Position.origin(0)))
        .isEqualTo(Retried.DONE);
    assertThat(bad()).as("up to the checkpoint").isEqualTo(new Order("pen", 13, 2, null));
    assertThat(one.target.retry(lease, event(5), PARKED, one.position(5))).isEqualTo(Retried.DONE);
    assertThat(bad()).as("up to what is settled").isEqualTo(new Order("pen", 14, 3, null));
  }

  @Test
  void withoutANoteThereIsNothingToRetry() throws Exception {
    one.apply(lease, 0, 5);
    var before = one.content();
    assertThat(one.target.retry(lease, event(3), PARKED, one.position(5))).isEqualTo(Retried.DONE);
    assertThat(one.content()).isEqualTo(before);
    assertThat(one.head().notes()).isEmpty();
  }

  @Test
  void aDroppedEventMovesTheNoteAndNothingElse() throws Exception {
    one.apply(lease, 0, 5, PARKED);
    var dropped = new EventAddress(BAD, 2);
    var parking = new Parking(PARKED.parked(), Set.of(dropped));
    for (int time = 1; time <= 2; time++) {
      assertThat(one.target.retry(lease, event(3), parking, one.position(5)))
          .isEqualTo(Retried.DONE);
    }
    assertThat(bad()).isEqualTo(new Order("pen", 0, 1, null));
    assertThat(one.head().notes()).isEqualTo(Map.of(BAD, new Note(2, one.position(3))));
    assertThat(one.head().drops()).containsExactly(dropped);
  }

  @Test
  void aRetryThatFailsOrIsNotTheOwnersChangesNothing() throws Exception {
    one.apply(lease, 0, 5, PARKED);
    var before = one.content();
    tables.probe((view, recorded) -> {
      throw new IllegalStateException("still");
    });
    assertThatThrownBy(() -> one.target.retry(lease, event(3), PARKED, one.position(5)))
        .isInstanceOf(EventFailure.class)
        .hasMessageContainingAll("event 2 of order:bad", "still");
    assertThat(one.content()).isEqualTo(before);
    assertThat(one.head().notes()).isEqualTo(Map.of(BAD, new Note(1, Position.origin(0))));

    tables.probe((view, recorded) -> {});
    one.lease("successor", 2);
    assertThat(one.target.retry(lease, event(3), PARKED, one.position(5)))
        .isEqualTo(Retried.NOT_OWNER);
    assertThat(one.content()).isEqualTo(before);
    one.heads.delete(one.generation, 0, List.of());
    assertThat(one.target.retry(lease, event(3), PARKED, one.position(5))).isEqualTo(Retried.GONE);
  }
}
