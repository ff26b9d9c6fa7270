package io.refold.projections;

import static io.refold.projections.Shop.NOTES;
import static io.refold.projections.Shop.ORDERS;
import static io.refold.projections.Shop.append;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.refold.eventstore.Append;
import io.refold.eventstore.ExpectedVersion;
import io.refold.eventstore.LogEntry;
import io.refold.eventstore.Position;
import io.refold.eventstore.StreamMark;
import io.refold.projections.Shop.Noted;
import io.refold.projections.Shop.Order;
import io.refold.projections.Shop.Orders;
import io.refold.projections.Shop.Paid;
import io.refold.projections.Shop.Placed;
import io.refold.projections.Shop.SalesByDay;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What becomes of rows when streams are deleted or closed. */
public abstract class DeletedStreamsContract extends StreamMarksSuite {
  private final Orders orders = new Orders();
  private final SalesByDay sales = new SalesByDay();

  @Test
  void theRowOfADeletedStreamGoesAndARebuildGivesTheSameRows() {
    Shop.fill(events(), "o", 40);
    run(orders);
    for (int i = 1; i < 40; i += 3) {
      delete(ORDERS, "o" + i);
    }
    append(events(), "o2", new Paid(3));
    run(orders);
    Map<String, String> live = json(orders);
    assertThat(live).hasSize(24).containsKey("o2").doesNotContainKeys("o1", "o4", "o37");
    rebuild(orders);
    assertThat(json(orders)).isEqualTo(live);
    assertThat(opened().status(orders).generation()).hasValue(2);
  }

  @Test
  void streamsThatAreDeletedUnderWritesEndWithoutRowsLiveAndInARebuild() throws Exception {
    try (var workers =
        ProjectionWorkers.on(opened())
            .add(orders)
            .add(sales)
            .lease(Duration.ofSeconds(2))
            .start()) {
      for (int i = 0; i < 150; i++) {
        append(events(), "o" + i, new Placed("p"), new Paid(1));
        append(events(), "o" + i, new Paid(i));
        if (i % 2 == 0) {
          delete(ORDERS, "o" + i);
        }
      }
      Await.until("caught up", () -> opened().status(orders).caughtUp());
      Await.until("caught up", () -> opened().status(sales).caughtUp());
      Map<String, String> live = json(orders);
      assertThat(live).hasSize(75).containsKey("o149").doesNotContainKey("o148");
      assertThat(workers.rebuild(orders).await(Duration.ofSeconds(20)).orElseThrow().state())
          .isEqualTo(RebuildProgress.State.DONE);
      assertThat(json(orders)).isEqualTo(live);
    }
  }

  @Test
  void aDeletionFurtherAlongInTheLogStopsNothingAndSkipsNoOtherStream() {
    append(events(), "a", new Placed("x"));
    append(events(), "a/2", new Placed("y"));
    append(events(), "a", new Paid(1));
    append(events(), "a/2", new Paid(2));
    List<LogEntry> read = log("a");
    delete(ORDERS, "a"); // between reading the log and fetching the events
    assertThat(applyAndDie(orders, read)).isInstanceOf(Target.Result.Applied.class);
    assertThat(opened().readModel(orders).find("a/2")).contains(new Order("y", 2, 2, null));
    append(events(), "a/2", new Paid(3));
    run(orders);
    assertThat(Shop.rows(opened().readModel(orders)))
        .isEqualTo(Map.of("a/2", new Order("y", 5, 3, null)));
  }

  @Test
  void anEventThatAnotherProjectionFetchedBeforeTheDeletionHaltsNothingForGood() {
    append(events(), "a", new Placed("x"));
    append(events(), "a", new Paid(1));
    List<LogEntry> read = log("a");
    var shared = new SharedEvents(events(), Set.of("order"), 2);
    assertThat(shared.fetch(read.subList(1, 2), category -> true)).hasSize(1);
    delete(ORDERS, "a");
    var picky =
        new Orders(
            1,
            recorded -> {
              throw new IllegalStateException("paid before it was placed");
            });
    assertThat(applyAndDie(picky, shared, read.subList(0, 1)))
        .isInstanceOf(Target.Result.Applied.class);
    assertThatThrownBy(() -> applyAndDie(picky, shared, read.subList(1, 2)))
        .hasMessageContaining("event 2 of order:a");
    assertThat(applyAndDie(picky, shared, read.subList(1, 2)))
        .isInstanceOf(Target.Result.Applied.class);
  }

  @Test
  void eventsBehindOneThatIsGoneAreLeftOutEvenIfTheyAreAtHand() {
    append(events(), "a", new Placed("x"));
    append(events(), "a", new Paid(1));
    append(events(), "a/2", new Placed("y"));
    List<LogEntry> read = log("a");
    var shared = new SharedEvents(events(), Set.of("order"), 2);
    assertThat(shared.fetch(read.subList(1, 2), category -> true)).hasSize(1);
    delete(ORDERS, "a");
    assertThat(applyAndDie(orders, shared, read)).isInstanceOf(Target.Result.Applied.class);
    assertThat(Shop.rows(opened().readModel(orders)))
        .isEqualTo(Map.of("a/2", new Order("y", 0, 1, null)));
  }

  @Test
  void aRowThatOtherStreamsOfTheIdHaveAPartInIsFoldedFromThese() {
    append(events(), "1", new Placed("x"), new Paid(2));
    note("1", "hurry");
    append(events(), "1", new Paid(3));
    note("2", "alone");
    run(orders);
    assertThat(opened().readModel(orders).find("1")).contains(new Order("x", 5, 3, "hurry"));
    delete(NOTES, "1");
    delete(NOTES, "2");
    append(events(), "1", new Paid(1));
    run(orders);
    assertThat(opened().readModel(orders).find("1")).contains(new Order("x", 6, 4, null));
    Map<String, String> live = json(orders);
    rebuild(orders);
    assertThat(json(orders)).isEqualTo(live);
    delete(ORDERS, "1");
    run(orders);
    assertThat(json(orders)).isEmpty();
  }

  private void note(String id, String text) {
    events().append(Append.of(NOTES, id, ExpectedVersion.any(), List.of(new Noted(text))));
  }

  @Test
  void sharedRowsKeepWhatADeletedStreamHasGivenUntilARebuild() {
    append(events(), "a1", new Placed("x"), new Paid(5));
    append(events(), "b1", new Placed("x"));
    run(sales);
    delete(ORDERS, "a1");
    run(sales);
    assertThat(opened().readModel(sales).find("all")).contains(new Shop.Sales(2, 5, 3));
    assertThat(opened().status(sales).outdated()).isZero();
    rebuild(sales);
    assertThat(opened().readModel(sales).find("all")).contains(new Shop.Sales(1, 0, 1));
  }

  @Test
  void closedStreamsAndCancelledCommandsChangeNoRow() {
    append(events(), "a", new Placed("x"), new Paid(5));
    run(orders);
    Map<String, String> before = json(orders);
    var cancelled = new StreamMark.Cancelled();
    events().mark(ORDERS.stream("a"), cancelled, ExpectedVersion.any(), "c");
    events().mark(ORDERS.stream("none"), cancelled, ExpectedVersion.any(), "d");
    Position last = Shop.position(events().close(ORDERS.stream("a"), ExpectedVersion.any()));
    run(orders);
    run(sales);
    assertThat(json(orders)).isEqualTo(before);
    assertThat(opened().readModel(orders).await(last, Duration.ZERO)).isEqualTo(Awaited.APPLIED);
    assertThat(opened().readModel(sales).await(last, Duration.ZERO)).isEqualTo(Awaited.APPLIED);
    assertThat(opened().status(orders).lag()).isZero();
    rebuild(orders);
    assertThat(json(orders)).isEqualTo(before);
    delete(ORDERS, "a");
    run(orders);
    assertThat(json(orders)).isEmpty();
  }
}
